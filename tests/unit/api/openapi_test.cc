#include "controlplane/api/openapi.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <set>

namespace sluice::api {

namespace json = boost::json;

namespace {

json::object document() {
  const Schema schema;
  const RouteTable table(schema);
  return json::parse(openapi(schema, table, "1.2.3")).as_object();
}

// Every "$ref" below `value`.
void collect(const json::value& value, std::set<std::string>& references) {
  if (value.is_array()) {
    for (const json::value& item : value.get_array())
      collect(item, references);
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.get_object()) {
      if (key == "$ref") references.insert(std::string(item.as_string()));
      collect(item, references);
    }
  }
}

}  // namespace

TEST_CASE("the document describes every RPC once") {
  const Schema schema;
  const json::object all = document();
  CHECK(all.at("openapi") == "3.1.0");
  CHECK(all.at("info").at("version") == "1.2.3");
  std::set<std::string> ids;
  for (const auto& [path, item] : all.at("paths").as_object()) {
    for (const auto& [verb, operation] : item.as_object()) {
      INFO(path << " " << verb);
      CHECK(ids.insert(std::string(operation.at("operationId").as_string())).second);
      CHECK_FALSE(operation.at("summary").as_string().empty());
      CHECK_FALSE(operation.at("tags").as_array().empty());
      CHECK(operation.at("responses").as_object().contains("default"));
    }
  }
  std::set<std::string> wanted;
  for (const auto* service : schema.services()) {
    for (int i = 0; i < service->method_count(); ++i)
      wanted.insert(service->name() + "_" + service->method(i)->name());
  }
  CHECK(ids == wanted);
}

TEST_CASE("every reference leads somewhere, and every schema is used") {
  const json::object all = document();
  std::set<std::string> references;
  collect(json::value(all), references);
  const json::object& schemas = all.at("components").at("schemas").as_object();
  std::set<std::string> there{"#/components/responses/Problem"};
  for (const auto& [name, schema] : schemas)
    there.insert(schema_reference(std::string(name)));
  CHECK(references == there);
}

TEST_CASE("every variable of a path is a required parameter") {
  for (const auto& [path, item] : document().at("paths").as_object()) {
    std::set<std::string> wanted;
    for (std::size_t at = path.find('{'); at != json::string_view::npos; at = path.find('{', at + 1))
      wanted.insert(std::string(path.substr(at + 1, path.find('}', at) - at - 1)));
    for (const auto& [verb, operation] : item.as_object()) {
      INFO(path << " " << verb);
      std::set<std::string> found;
      if (operation.as_object().contains("parameters")) {
        for (const json::value& parameter : operation.at("parameters").as_array()) {
          if (parameter.at("in") != "path") continue;
          CHECK(parameter.at("required") == true);
          found.insert(std::string(parameter.at("name").as_string()));
        }
      }
      CHECK(found == wanted);
    }
  }
}

TEST_CASE("comments of the protos are the descriptions") {
  const json::object all = document();
  const json::value& user = all.at("components").at("schemas").at("User");
  CHECK_FALSE(user.at("description").as_string().empty());
  CHECK(user.at("properties").at("displayName").at("type") == "string");
  CHECK(user.at("properties").at("createdAt").at("format") == "date-time");
  for (const json::value& tag : all.at("tags").as_array())
    CHECK_FALSE(tag.at("description").as_string().empty());
}

}  // namespace sluice::api
