// Values as the server would give them back, and how wishes differ from what is there. Free functions, any thread.
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "controlplane/api/schema.h"

namespace sluice::sluicectl {

// The fields of `object`, and only these, as the server would print them: 64-bit numbers as strings, times in one form.
[[nodiscard]] Result<boost::json::object> normal_form(const api::Schema& schema,
                                                      const google::protobuf::Descriptor& message,
                                                      const boost::json::object& object);

// One field that is to change.
struct Change {
  std::string path;  // "multiplier", "waiting.per_user": as in update masks
  boost::json::value before;
  boost::json::value after;
};

// Fields of `wanted` that `current` has otherwise; what `wanted` does not name is left alone. Both in normal form.
[[nodiscard]] std::vector<Change> differences(const google::protobuf::Descriptor& message,
                                              const boost::json::object& current, const boost::json::object& wanted);

// For people: enums short, decimals as they are, text without quotes unless it needs them.
[[nodiscard]] std::string plain_text(const google::protobuf::FieldDescriptor* field, const boost::json::value& value);
// Of "waiting.per_user"; nullptr if there is none.
[[nodiscard]] const google::protobuf::FieldDescriptor* field_at(const google::protobuf::Descriptor& message,
                                                                const std::string& path);

}  // namespace sluice::sluicectl
