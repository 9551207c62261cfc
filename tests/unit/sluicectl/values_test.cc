// Differences, words and output.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "controlplane/sluicectl/kinds.h"
#include "controlplane/sluicectl/normal_form.h"
#include "controlplane/sluicectl/objects.h"
#include "controlplane/sluicectl/output.h"

namespace sluice::sluicectl {

namespace json = boost::json;

namespace {

const api::Schema& schema() {
  static const api::Schema all;
  return all;
}

std::vector<std::string> changed(const char* section, const char* current, const char* wanted) {
  std::vector<std::string> out;
  for (const Change& change : differences(*message_of(schema(), *find_kind(section)), json::parse(current).as_object(),
                                          json::parse(wanted).as_object())) {
    out.push_back(change.path);
  }
  return out;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("only what is wished for and otherwise differs") {
  CHECK(changed("groups", R"({"name":"g","multiplier":"1.500000"})", R"({"multiplier":"1.5"})").empty());
  CHECK(changed("groups", R"({"name":"1.0"})", R"({"name":"1"})") == Paths{"name"});
  CHECK(changed("accounts", R"({"group_ids":["a","b"]})", R"({"group_ids":["b","a"]})").empty());
  CHECK(changed("accounts", R"({"egress_proxy_ids":["a","b"]})", R"({"egress_proxy_ids":["b","a"]})") ==
        Paths{"egress_proxy_ids"});
  CHECK(changed("settings", R"({"waiting":{"per_user":1,"per_account":2}})", R"({"waiting":{"per_user":1}})").empty());
  CHECK(changed("settings", R"({"waiting":{"per_user":1,"per_account":2}})", R"({"waiting":{"per_user":3}})") ==
        Paths{"waiting.per_user"});
  CHECK(changed("api_keys", R"({"budgets":[{"window":"X","limit_usd":"5.00","spent_usd":"1"}]})",
                R"({"budgets":[{"window":"X","limit_usd":"5"}]})")
            .empty());
  CHECK(changed("api_keys", R"({"budgets":[{"window":"X","limit_usd":"5"}]})", R"({"budgets":[]})") ==
        Paths{"budgets"});
  CHECK(changed("accounts", R"({"model_mapping":{"a":"b","c":"d"}})", R"({"model_mapping":{"a":"b"}})") ==
        Paths{"model_mapping"});
}

TEST_CASE("every kind of manifests is one of this API") {
  for (const Kind& kind : kinds()) {
    INFO(kind.section);
    const auto* message = message_of(schema(), kind);
    REQUIRE(message != nullptr);
    for (const std::string_view field : kind.identity)
      CHECK(message->FindFieldByName(std::string(field)) != nullptr);
    for (const char* verb : {"Create", "Update", "Delete"}) {
      CHECK((kind.plural.empty() || find_method(schema(), verb + std::string(kind.message)) != nullptr));
    }
    CHECK(find_method(schema(), kind.plural.empty() ? "GetSettings" : "List" + std::string(kind.plural)) != nullptr);
  }
}

TEST_CASE("words") {
  CHECK(snake("ListApiKeys") == "list_api_keys");
  CHECK(snake("OAuthClient") == "oauth_client");
  const auto* type = message_of(schema(), *find_kind("keys"))->FindFieldByName("status")->enum_type();
  CHECK(short_enum(*type, "API_KEY_STATUS_ACTIVE") == "active");
  CHECK(long_enum(*type, "disabled") == "API_KEY_STATUS_DISABLED");
  CHECK_FALSE(long_enum(*type, "unspecified"));
}

TEST_CASE("what a server says cannot drive the terminal") {
  const auto* message = message_of(schema(), *find_kind("groups"));
  const std::vector<json::object> rows{{{"id", "1"}, {"name", "a\x1b[2Jb\nc"}, {"status", "GROUP_STATUS_ACTIVE"}}};
  const std::string shown = table(*message, rows);
  CHECK(shown.find('\x1b') == std::string::npos);
  CHECK(shown.find("a?[2Jb?c") != std::string::npos);
  CHECK(plain_text(nullptr, json::value("a\x1b[2J")).find('\x1b') == std::string::npos);
  CHECK(yaml(json::value{{"a", "\x1b"}}).find('\x1b') == std::string::npos);
}

TEST_CASE("columns line up") {
  const auto* message = message_of(schema(), *find_kind("prices"));
  const std::vector<json::object> rows{{{"id", "1"}, {"model", "long-model"}}, {{"id", "222"}, {"model", "m"}}};
  const std::string shown = table(*message, rows);
  CHECK(shown.starts_with("ID   MODEL       DISPLAY_NAME"));
  CHECK(shown.find("\n1    long-model  -") != std::string::npos);
  CHECK(shown.find("\n222  m           -") != std::string::npos);
}

}  // namespace sluice::sluicectl
