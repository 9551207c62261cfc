#include "controlplane/store/json_columns.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

namespace sluice::store {

namespace {

template <class List>
std::string list_json(const List& messages) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string out = "[";
  for (const auto& message : messages) {
    if (out.size() > 1) out += ',';
    std::string one;
    // Cannot fail: the messages were parsed or checked before, so their texts are UTF-8.
    if (!google::protobuf::util::MessageToJsonString(message, &one, options).ok()) std::abort();
    out += one;
  }
  return out + "]";
}

// The column's text as the value of `field` in an otherwise empty message.
template <class Message>
Message parse(const char* field, const std::string& json) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // a newer build may have written more
  Message message;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(fmt::format("{{\"{}\":{}}}", field, json), &message, options);
  if (!parsed.ok()) {
    fmt::print(stderr, "sluice: the column {} in the database is not of the form of this build\n", field);
    std::abort();
  }
  return message;
}

}  // namespace

std::string to_json(const ModelMapping& mapping) {
  boost::json::object out;
  for (const auto& [from, to] : mapping)
    out[from] = to;
  return boost::json::serialize(out);
}

std::string to_json(const PauseRules& rules) {
  return list_json(rules);
}

std::string to_json(const ModelRoutes& routes) {
  return list_json(routes);
}

std::string to_json(const LocalReplies& replies) {
  return list_json(replies);
}

ModelMapping mapping_of(const std::string& json) {
  const auto account = parse<config::v1::Account>("model_mapping", json);
  return {account.model_mapping().begin(), account.model_mapping().end()};
}

PauseRules rules_of(const std::string& json) {
  const auto account = parse<config::v1::Account>("pause_rules", json);
  return {account.pause_rules().begin(), account.pause_rules().end()};
}

ModelRoutes routes_of(const std::string& json) {
  const auto group = parse<config::v1::Group>("model_routes", json);
  return {group.model_routes().begin(), group.model_routes().end()};
}

LocalReplies replies_of(const std::string& json) {
  return parse<config::v1::Settings>("local_replies", json).local_replies();
}

}  // namespace sluice::store
