// Fields of messages as JSON names them: lowerCamelCase or as in the proto. Pure; any thread.
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::api {

// By either spelling; nullptr if there is none.
[[nodiscard]] const google::protobuf::FieldDescriptor* find_field(const google::protobuf::Descriptor& message,
                                                                  std::string_view name);

// A field that JSON writes as an object with fixed names: a message, but not Timestamp and FieldMask, which are texts,
// and no map.
[[nodiscard]] bool is_object(const google::protobuf::FieldDescriptor& field);

// "id, displayName", for errors.
[[nodiscard]] std::string names_of(const google::protobuf::Descriptor& message);

// Refuses what protobuf's JSON parser would take or refuse without a good name: unknown fields, a field in both
// spellings, texts for flags, lists in lists. The error starts with the path of the field: "user.colour: ...".
// Values of numbers, enums and times are left to protobuf.
[[nodiscard]] Result<> check_fields(const boost::json::object& object, const google::protobuf::Descriptor& message,
                                    const std::string& path = {});

}  // namespace sluice::api
