// REST requests to protobuf bytes and answers back, by protobuf's own JSON rules. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "controlplane/api/route_table.h"
#include "controlplane/api/schema.h"

namespace sluice::api {

// The request message of the route from path variables, query and body. Names may be lowerCamelCase or as in the proto.
// kInvalidArgument, naming the field or parameter, for anything that the message does not have.
[[nodiscard]] Result<std::string> request_bytes(const Schema& schema, const Route& route, const Variables& variables,
                                                std::string_view query, std::string_view body);

// lowerCamelCase, with empty fields printed.
[[nodiscard]] Result<std::string> answer_json(const Schema& schema, const Route& route, const std::string& bytes);

}  // namespace sluice::api
