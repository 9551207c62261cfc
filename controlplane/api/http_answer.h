// The frame of every HTTP answer of the admin API. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/http/message_server.h"

namespace sluice::api {

// With x-request-id, and the fields that keep browsers and proxies from guessing types and storing secrets.
[[nodiscard]] http::WholeAnswer make_answer(unsigned status, std::string_view content_type, std::string body,
                                            const std::string& request_id);

}  // namespace sluice::api
