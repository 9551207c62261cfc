// A call is read the same whatever surrounds it, and what is spliced into it changes nothing else.
#include <cstdlib>
#include <string>

#include "common/json/splice.h"
#include "dataplane/protocol/anthropic/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string body(reinterpret_cast<const char*>(data), size);
  body.reserve(body.size() + 64);
  const sluice::protocol::anthropic::Messages messages;
  const auto call = messages.read_call(body);
  (void)messages.last_user_text(body);
  (void)messages.read_error(body, 500);
  if (!call) {
    if (call.error().message.empty()) std::abort();
    return 0;
  }
  const auto spliced = sluice::json::replace_string(body, "model", "another-\"model\"");
  if (!spliced) std::abort();
  const auto again = messages.read_call(*spliced);
  if (!again || again->model != "another-\"model\"" || again->stream != call->stream ||
      again->max_tokens != call->max_tokens) {
    std::abort();
  }
  return 0;
}
