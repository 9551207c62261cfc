#include "dataplane/protocol/anthropic/model_list.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice::protocol::anthropic;

namespace {

std::vector<ModelInfo> models() {
  using std::chrono::hours;
  return {{"b", "", sluice::SystemTime(hours(1))},
          {"a", "Model A", sluice::SystemTime(hours(3))},
          {"c", "", sluice::SystemTime(hours(2))}};
}

boost::json::object list(std::string_view query) {
  auto page = read_model_page(query);
  REQUIRE(page);
  return boost::json::parse(model_list(models(), *page)).as_object();
}

std::string ids(const boost::json::object& list) {
  std::string all;
  for (const auto& model : list.at("data").as_array())
    all += std::string(model.as_object().at("id").as_string());
  return all;
}

}  // namespace

TEST_CASE("models are listed newest first in the vendor's shape") {
  auto all = list("");
  CHECK(ids(all) == "acb");
  CHECK_FALSE(all["has_more"].as_bool());
  CHECK(all["first_id"].as_string() == "a");
  CHECK(all["last_id"].as_string() == "b");
  const auto& first = all["data"].as_array()[0].as_object();
  CHECK(first.at("type").as_string() == "model");
  CHECK(first.at("display_name").as_string() == "Model A");
  CHECK(first.at("created_at").as_string() == "1970-01-01T03:00:00Z");
}

TEST_CASE("pages follow ids in both directions") {
  auto page = list("limit=1");
  CHECK(ids(page) == "a");
  CHECK(page["has_more"].as_bool());
  CHECK(ids(list("limit=2&after_id=a")) == "cb");
  CHECK(ids(list("limit=1&before_id=b")) == "c");
  CHECK(ids(list("after_id=b")).empty());
  CHECK(list("after_id=b")["first_id"].is_null());
}

TEST_CASE("a bad limit is refused") {
  CHECK_FALSE(read_model_page("limit=0"));
  CHECK_FALSE(read_model_page("limit=1001"));
  CHECK_FALSE(read_model_page("limit=x"));
  CHECK(read_model_page("limit=1000&beta=true"));
}
