// The admin API as an OpenAPI 3.1 document, made from the descriptors and their comments. Pure; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "controlplane/api/route_table.h"
#include "controlplane/api/schema.h"

namespace sluice::api {

// The document as JSON text.
[[nodiscard]] std::string openapi(const Schema& schema, const RouteTable& routes, const std::string& version);

// JSON Schema of a field, a reference for messages and enums.
[[nodiscard]] boost::json::object field_schema(const google::protobuf::FieldDescriptor& field);
// Where a message or enum stands in the document.
[[nodiscard]] std::string schema_reference(const std::string& name);
// What the comment of a field says of it.
struct FieldNature {
  bool read_only = false;
  bool write_only = false;
};
[[nodiscard]] FieldNature nature_of(const google::protobuf::FieldDescriptor& field);
enum class Direction { kRequest, kAnswer };
// A message as one might send or get it, down to a few levels.
[[nodiscard]] boost::json::object message_example(const google::protobuf::Descriptor& message, Direction direction,
                                                  int depth = 0);
// components.schemas: every message and enum that the routes use, and Problem.
[[nodiscard]] boost::json::object component_schemas(const RouteTable& routes);

}  // namespace sluice::api
