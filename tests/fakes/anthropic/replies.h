// Answers that are not streams: JSON, errors, answers cut short. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fakes/anthropic/reply_head.h"
#include "tests/fakes/anthropic/script.h"

namespace sluice::fakes {

// A JSON body with the vendor's headers.
Script json_reply(const Steering& steering, int status, std::string_view body, std::uint32_t delay_ms = 0);
// The vendor's error object; with steering.garbage or .html a page of HTML instead.
Script error_reply(const Steering& steering, int status, std::string_view message, std::uint32_t delay_ms = 0);
// The sentence the vendor sends with this status.
std::string_view default_message(int status);
// A body announced whole and sent half, then the steering's kind of cut or silence.
Script cut_reply(const Steering& steering, std::string_view body, std::uint32_t delay_ms);
// The error of steering.error_event in JSON with status 200: in-band, without streaming.
Script error_body(const Steering& steering, std::uint32_t delay_ms);
// A page of HTML with status 200.
Script html_reply(const Steering& steering, std::uint32_t delay_ms);
// A JSON answer whose text never ends.
Script endless_json(const Steering& steering);
// No answer: the connection ends, or stays silent, or what comes is not HTTP.
Script no_head(const Steering& steering);
// A page of the fake's own.
Script page(int status, std::string body);

}  // namespace sluice::fakes
