#include "tests/integration/limit/scripts_fixture.h"

namespace sluice::limit {
namespace {

using Fields = std::map<std::string, std::string>;

class PurseFixture : public ScriptsFixture {
 public:
  AdmitOutcome hold(std::string_view owner, std::int64_t micro, PurseAsk purse) {
    AdmitAsk ask;
    ask.member = "n/0:a";
    ask.owner = owner;
    ask.hold_micro = micro;
    ask.purses = {&purse, 1};
    return admit(ask);
  }
  ExtendOutcome extend(std::string_view owner, std::int64_t micro, const std::vector<PurseAsk>& purses) {
    return value(parse_extend(run(extend_call(names, {.owner = owner, .amount_micro = micro, .purses = purses}))));
  }
  void settle_purse(std::string_view owner, std::string_view node, PurseSettlement purse) {
    settle({.member = "n/0:a", .owner = owner, .node = node, .slots = {}, .purses = {&purse, 1}, .tokens = {}});
  }
  PurseState claim(std::string_view owner, std::string_view node, PurseClaim purse) {
    const auto states =
        value(parse_purses(run(assert_call(names, {.owner = owner, .node = node, .purses = {&purse, 1}}))));
    REQUIRE(states.size() == 1);
    return states[0];
  }
  void acknowledge(std::string_view node, PurseAcknowledgement purse) {
    run(acknowledge_call(names, {.node = node, .purses = {&purse, 1}}));
  }
  Fields fields() { return hash(names.purse("user:u")); }
  // Without the stamps.
  Fields amounts() {
    Fields all = fields();
    std::erase_if(all, [](const auto& field) { return field.first.starts_with("t:"); });
    return all;
  }
  void age(const std::string& stamp, std::int64_t ms) {
    const std::vector<std::string> time = redis.list({"TIME"});
    const std::int64_t then = std::stoll(time[0]) * 1000 - ms;
    REQUIRE(redis.command({"HSET", names.purse("user:u"), stamp, std::to_string(then)}));
  }
};

PurseAsk wallet(std::int64_t bal, std::int64_t ver) {
  return {.purse = "user:u", .limit_micro = 0, .bal_micro = bal, .ver = ver};
}

TEST_CASE("holds fill a purse exactly, settling moves them to what was spent") {
  PurseFixture f;
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", 60, wallet(100, 1)));
  ScriptsFixture::as<AdmitGranted>(f.hold("m/0", 40, wallet(100, 1)));
  CHECK(ScriptsFixture::as<AdmitRefused>(f.hold("m/0", 1, wallet(100, 1))).current == 0);
  f.settle_purse("n/0", "n", {.purse = "user:u", .hold_micro = 60, .actual_micro = 25});
  CHECK(f.fields() ==
        Fields{{"bal", "100"}, {"ver", "1"}, {"total", "65"}, {"h:n/0", "0"}, {"h:m/0", "40"}, {"u:n", "25"}});
  CHECK(ScriptsFixture::as<AdmitRefused>(f.hold("m/0", 36, wallet(100, 1))).current == 35);
  ScriptsFixture::as<AdmitGranted>(f.hold("m/0", 35, wallet(100, 1)));
}

TEST_CASE("large amounts stay exact") {
  PurseFixture f;
  const std::int64_t bal = 4'000'000'000'000'001;  // four billion dollars
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", bal - 1, wallet(bal, 9'007'199'254'740'991)));
  CHECK(ScriptsFixture::as<AdmitRefused>(f.hold("n/0", 2, wallet(bal, 1))).current == 1);
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", 1, wallet(bal, 1)));
  CHECK(f.amounts()["total"] == std::to_string(bal));
  CHECK(f.amounts()["ver"] == "9007199254740991");
}

TEST_CASE("newer seeds replace the balance, older ones do not") {
  PurseFixture f;
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", 10, wallet(100, 5)));
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", 10, wallet(1, 4)));
  CHECK(f.amounts()["bal"] == "100");
  CHECK(ScriptsFixture::as<AdmitRefused>(f.hold("n/0", 1, wallet(20, 6))).current == 0);
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", 30, wallet(50, 7)));
  CHECK(f.amounts() == Fields{{"bal", "50"}, {"ver", "7"}, {"total", "50"}, {"h:n/0", "50"}});
}

TEST_CASE("settling what Redis has lost removes no more than is there") {
  PurseFixture f;
  f.settle_purse("n/0", "n", {.purse = "user:u", .hold_micro = 60, .actual_micro = 25});
  CHECK(f.fields() == Fields{{"total", "25"}, {"h:n/0", "0"}, {"u:n", "25"}});
  CHECK(std::stoll(f.redis.text({"PTTL", f.names.purse("user:u")})) > 80'000'000);
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", 75, wallet(100, 5)));
  CHECK(ScriptsFixture::as<AdmitRefused>(f.hold("n/0", 1, wallet(100, 5))).current == 0);
}

TEST_CASE("an extension is granted by all purses or by none") {
  PurseFixture f;
  const PurseAsk budget{.purse = "key:k:w1", .limit_micro = 50, .bal_micro = -20, .ver = 1};
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", 10, wallet(100, 1)));
  CHECK(std::holds_alternative<ExtendOk>(f.extend("n/0", 30, {wallet(100, 1), budget})));
  CHECK(f.amounts()["total"] == "40");
  CHECK(f.hash(f.names.purse("key:k:w1")) == Fields{{"bal", "-20"}, {"ver", "1"}, {"total", "30"}, {"h:n/0", "30"}});
  const ExtendOutcome refused = f.extend("n/0", 1, {wallet(100, 1), budget});
  REQUIRE(std::holds_alternative<ExtendRefused>(refused));
  CHECK(std::get<ExtendRefused>(refused).purse == 1);
  CHECK(std::get<ExtendRefused>(refused).available_micro == 0);
  CHECK(f.amounts()["total"] == "40");
  REQUIRE(f.redis.command({"DEL", f.names.epoch()}));
  CHECK(std::holds_alternative<AdmitRebuild>(f.extend("n/0", 1, {wallet(100, 1)})));
  f.found(std::chrono::hours(1));
  CHECK(std::holds_alternative<AdmitQuarantine>(f.extend("n/0", 1, {wallet(100, 1)})));
}

TEST_CASE("a claim replaces the owner's fields, repairs the total and rebuilds a lost purse") {
  PurseFixture f;
  CHECK(f.claim("n/0", "n", {"user:u", 100, 3, 40, 7}).total_micro == 47);
  CHECK(f.amounts() == Fields{{"bal", "100"}, {"ver", "3"}, {"total", "47"}, {"h:n/0", "40"}, {"u:n", "7"}});
  CHECK(f.claim("n/1", "n", {"user:u", 90, 2, 5, -1}).total_micro == 52);
  CHECK(f.amounts()["bal"] == "100");
  REQUIRE(f.redis.command({"HSET", f.names.purse("user:u"), "total", "999"}));
  const PurseState state = f.claim("n/0", "n", {"user:u", 80, 4, 0, -1});
  CHECK(state.total_micro == 12);
  CHECK(state.bal_micro == 80);
  CHECK(state.ver == 4);
  CHECK(f.amounts() == Fields{{"bal", "80"}, {"ver", "4"}, {"total", "12"}, {"h:n/1", "5"}, {"u:n", "7"}});
  CHECK_FALSE(f.fields().contains("t:n/0"));
  f.claim("n/1", "n", {"user:u", 80, 4, 0, 0});
  CHECK(f.fields() == Fields{{"bal", "80"}, {"ver", "4"}, {"total", "0"}});
  CHECK(std::stoll(f.redis.text({"PTTL", f.names.purse("user:u")})) > 80'000'000);
}

TEST_CASE("silent owners lose their holds after 10 minutes, silent nodes their spending after 24 hours") {
  PurseFixture f;
  ScriptsFixture::as<AdmitGranted>(f.hold("dead/0", 30, wallet(100, 1)));
  f.settle_purse("dead/1", "dead", {.purse = "user:u", .hold_micro = 0, .actual_micro = 7});
  CHECK(f.claim("n/0", "n", {"user:u", 100, 1, 5, 0}).total_micro == 42);  // their time begins here
  CHECK(f.fields().contains("t:dead/0"));
  CHECK(f.fields().contains("t:dead"));
  f.age("t:dead/0", 300'000);
  CHECK(f.claim("n/0", "n", {"user:u", 100, 1, 5, 0}).total_micro == 42);
  f.age("t:dead/0", 602'000);
  f.age("t:dead", 602'000);
  CHECK(f.claim("n/0", "n", {"user:u", 100, 1, 5, 0}).total_micro == 12);
  CHECK_FALSE(f.fields().contains("t:dead/0"));
  f.age("t:dead", 86'402'000);
  CHECK(f.claim("n/0", "n", {"user:u", 100, 1, 5, 0}).total_micro == 5);
  CHECK(f.amounts() == Fields{{"bal", "100"}, {"ver", "1"}, {"total", "5"}, {"h:n/0", "5"}});
}

TEST_CASE("an acknowledgement moves spending into the balance") {
  PurseFixture f;
  ScriptsFixture::as<AdmitGranted>(f.hold("n/0", 30, wallet(100, 1)));
  f.settle_purse("n/0", "n", {.purse = "user:u", .hold_micro = 30, .actual_micro = 20});
  f.acknowledge("n", {.purse = "user:u", .acknowledged_micro = 15, .bal_micro = 85, .ver = 2});
  CHECK(f.amounts() == Fields{{"bal", "85"}, {"ver", "2"}, {"total", "5"}, {"h:n/0", "0"}, {"u:n", "5"}});
  f.acknowledge("n", {.purse = "user:u", .acknowledged_micro = 50, .bal_micro = 1, .ver = 1});
  CHECK(f.amounts() == Fields{{"bal", "85"}, {"ver", "2"}, {"total", "0"}, {"h:n/0", "0"}, {"u:n", "0"}});
}

}  // namespace
}  // namespace sluice::limit
