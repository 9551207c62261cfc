// The rules for limits, budgets, pause rules, proxies and the settings of queues and failover.
#include "common/resource/limits.h"

#include <catch2/catch.hpp>
#include <functional>

#include "common/resource/validate.h"

namespace {

using namespace sluice;
using namespace sluice::config::v1;

const std::string kId = "01890a5d-ac96-774b-bcce-b302099a8057";

template <class Message>
std::string reason(const Message& message) {
  const Result<> result = resource::check(message);
  return result ? "" : result.error().message;
}

// What a change to a good message is refused for; empty if it is not.
template <class Message>
std::string changed(Message message, const std::function<void(Message&)>& change) {
  REQUIRE(reason(message).empty());
  change(message);
  return reason(message);
}

bool names(const std::string& why, std::string_view field) {
  CAPTURE(why);
  return why.find(field) != std::string::npos;
}

ApiKey good_key() {
  ApiKey key;
  key.set_user_id(kId);
  key.set_group_id(kId);
  key.set_key_hmac(std::string(32, 'h'));
  key.set_concurrency(3);
  key.set_requests_per_minute(60);
  key.set_tokens_per_minute(100'000);
  for (const BudgetWindow window : {BUDGET_WINDOW_DAY, BUDGET_WINDOW_WEEK, BUDGET_WINDOW_MONTH, BUDGET_WINDOW_TOTAL}) {
    Budget* budget = key.add_budgets();
    budget->set_window(window);
    budget->set_limit_nano_usd(1);
  }
  return key;
}

Account good_account() {
  Account account;
  account.set_display_name("first");
  account.set_provider("anthropic");
  account.set_base_url("https://api.anthropic.com");
  account.add_egress_proxy_ids(kId);
  (*account.mutable_model_mapping())["claude-sonnet"] = "claude-sonnet-4-5";
  PauseRule* rule = account.add_pause_rules();
  rule->set_status(529);
  rule->add_keywords("Overloaded");
  rule->set_minutes(10);
  return account;
}

EgressProxy good_proxy() {
  EgressProxy proxy;
  proxy.set_url("socks5h://proxy.internal:1080");
  proxy.set_username("me");
  proxy.set_password("hidden-word");
  return proxy;
}

Settings good_settings() {
  Settings settings;
  settings.set_billing_time_zone("Asia/Shanghai");
  settings.mutable_waiting()->set_per_user(5);
  settings.mutable_stickiness()->set_wait_ms(100);
  settings.mutable_failover()->set_attempts(3);
  settings.set_money_without_redis(OUTAGE_POLICY_REFUSE);
  settings.set_decision_sample_ppm(1'000'000);
  LocalReply* reply = settings.add_local_replies();
  reply->set_name("hello");
  reply->set_text_equals("Hi\nthere");
  reply->set_reply("Hello.\n");
  return settings;
}

TEST_CASE("rates and concurrency of users and keys have bounds") {
  const auto key_with = [](const std::function<void(ApiKey&)>& change) { return changed(good_key(), change); };
  CHECK(names(key_with([](auto& k) { k.set_concurrency(resource::kMaxConcurrency + 1); }), "concurrency"));
  CHECK(names(key_with([](auto& k) { k.set_requests_per_minute(resource::kMaxPerMinute + 1); }), "requests_per"));
  CHECK(names(key_with([](auto& k) { k.set_tokens_per_minute(resource::kMaxPerMinute + 1); }), "tokens_per"));
  User user;
  user.set_requests_per_minute(resource::kMaxPerMinute);
  CHECK(reason(user).empty());
  user.set_tokens_per_minute(resource::kMaxPerMinute + 1);
  CHECK(names(reason(user), "tokens_per_minute"));
}

TEST_CASE("budgets are one for each window and above zero") {
  const auto key_with = [](const std::function<void(ApiKey&)>& change) { return changed(good_key(), change); };
  CHECK(names(key_with([](auto& k) { k.mutable_budgets(1)->set_window(BUDGET_WINDOW_DAY); }), "same window twice"));
  CHECK(names(key_with([](auto& k) { k.mutable_budgets(1)->clear_window(); }), "budgets.window"));
  CHECK(names(key_with([](auto& k) { k.mutable_budgets(1)->set_window(static_cast<BudgetWindow>(9)); }), "unknown"));
  CHECK(names(key_with([](auto& k) { k.mutable_budgets(1)->set_limit_nano_usd(0); }), "limit_nano_usd"));
  CHECK(names(key_with([](auto& k) { k.mutable_budgets(1)->set_limit_nano_usd(resource::kMaxBudget + 1); }), "limit"));
  CHECK(names(key_with([](auto& k) { k.add_spending()->set_spent_nano_usd(1); }), "spending.window_id"));
}

TEST_CASE("an account's rules, mapping and proxies have bounds") {
  const auto with = [](const std::function<void(Account&)>& change) { return changed(good_account(), change); };
  CHECK(names(with([](auto& a) { a.mutable_pause_rules(0)->set_status(99); }), "status"));
  CHECK(names(with([](auto& a) { a.mutable_pause_rules(0)->set_status(600); }), "status"));
  CHECK(names(with([](auto& a) { a.mutable_pause_rules(0)->set_minutes(0); }), "minutes"));
  CHECK(names(with([](auto& a) { a.mutable_pause_rules(0)->set_minutes(10'081); }), "minutes"));
  CHECK(names(with([](auto& a) { a.mutable_pause_rules(0)->add_keywords(""); }), "keywords"));
  CHECK(names(with([](auto& a) { a.mutable_pause_rules(0)->add_keywords(std::string(129, 'k')); }), "keywords"));
  CHECK(names(with([](auto& a) {
                for (int i = 0; i < 16; ++i)
                  a.mutable_pause_rules(0)->add_keywords("k");
              }),
              "keywords has 17"));
  CHECK(names(with([](auto& a) {
                for (int i = 0; i < 32; ++i)
                  *a.add_pause_rules() = a.pause_rules(0);
              }),
              "pause_rules has 33"));
  CHECK(names(with([](auto& a) { (*a.mutable_model_mapping())[""] = "x"; }), "model_mapping"));
  CHECK(names(with([](auto& a) { (*a.mutable_model_mapping())["x"] = ""; }), "model_mapping"));
  CHECK(names(with([](auto& a) { (*a.mutable_model_mapping())[std::string(257, 'm')] = "x"; }), "model_mapping"));
  CHECK(with([](auto& a) { (*a.mutable_model_mapping())[std::string(256, 'm')] = "x"; }).empty());
  CHECK(names(with([](auto& a) { a.add_egress_proxy_ids("proxy"); }), "egress_proxy_ids"));
  CHECK(names(with([](auto& a) { a.add_egress_proxy_ids(kId); }), "twice"));
}

TEST_CASE("a proxy has a usable URL and both or no credentials") {
  const auto with = [](const std::function<void(EgressProxy&)>& change) { return changed(good_proxy(), change); };
  for (const char* url : {"", "https://proxy:443", "socks5://proxy:1080", "http://proxy", "http://me:word@proxy:80"}) {
    CAPTURE(url);
    CHECK(names(with([&](auto& p) { p.set_url(url); }), "url"));
  }
  CHECK(names(with([](auto& p) { p.clear_password(); }), "password is missing"));
  CHECK(names(with([](auto& p) { p.clear_username(); }), "username is missing"));
  CHECK(with([](auto& p) { p.clear_username(), p.clear_password(); }).empty());
  CHECK(names(with([](auto& p) { p.set_username("a:b"); }), "username"));
  const std::string why = with([](auto& p) { p.set_password("hidden-word\r\n"); });
  CHECK(names(why, "password"));
  CHECK_FALSE(names(why, "hidden-word"));
  CHECK(names(with([](auto& p) { p.set_password(std::string(256, 'x')); }), "password"));
}

TEST_CASE("settings of queues, failover and money have bounds") {
  const auto with = [](const std::function<void(Settings&)>& change) { return changed(good_settings(), change); };
  CHECK(names(with([](auto& s) { s.set_billing_time_zone("Mars/Olympus"); }), "billing_time_zone"));
  CHECK(with([](auto& s) { s.clear_billing_time_zone(); }).empty());
  CHECK(names(with([](auto& s) { s.mutable_waiting()->set_per_user(100'001); }), "waiting.per_user"));
  CHECK(names(with([](auto& s) { s.mutable_waiting()->set_limit_ms(600'001); }), "waiting.limit_ms"));
  CHECK(names(with([](auto& s) { s.mutable_stickiness()->set_ttl_seconds(604'801); }), "stickiness.ttl_seconds"));
  CHECK(names(with([](auto& s) { s.mutable_failover()->set_attempts(21); }), "failover.attempts"));
  CHECK(names(with([](auto& s) { s.set_decision_sample_ppm(1'000'001); }), "decision_sample_ppm"));
  CHECK(names(with([](auto& s) { s.set_money_without_redis(static_cast<OutagePolicy>(9)); }), "money_without_redis"));
}

TEST_CASE("a local reply has one condition, a name of its own and something to say") {
  const auto with = [](const std::function<void(Settings&)>& change) { return changed(good_settings(), change); };
  CHECK(names(with([](auto& s) { s.mutable_local_replies(0)->set_text_contains("x"); }), "not both"));
  CHECK(names(with([](auto& s) { s.mutable_local_replies(0)->clear_text_equals(); }), "needs text_equals"));
  CHECK(names(with([](auto& s) { s.mutable_local_replies(0)->set_name("two words"); }), "name"));
  CHECK(names(with([](auto& s) { s.mutable_local_replies(0)->clear_reply(); }), "reply is empty"));
  CHECK(names(with([](auto& s) { s.mutable_local_replies(0)->set_reply(std::string("a\0b", 3)); }), "NUL"));
  CHECK(names(with([](auto& s) { s.mutable_local_replies(0)->set_reply(std::string(64 * 1024 + 1, 'r')); }), "reply"));
  CHECK(names(with([](auto& s) { s.mutable_local_replies(0)->add_group_ids("group"); }), "group_ids"));
  CHECK(names(with([](auto& s) { *s.add_local_replies() = s.local_replies(0); }), "twice"));
  CHECK(names(with([](auto& s) {
                for (int i = 1; i <= 64; ++i) {
                  LocalReply& reply = *s.add_local_replies() = s.local_replies(0);
                  reply.set_name("reply" + std::to_string(i));
                }
              }),
              "local_replies has 65"));
}

}  // namespace
