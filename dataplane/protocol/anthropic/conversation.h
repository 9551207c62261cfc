// Which conversation a Messages request belongs to, as far as its body tells.
#pragma once

#include <simdjson.h>

#include <string>

namespace sluice::protocol::anthropic {

// The session in metadata.user_id: coding agents write "user_<hash>_account_<uuid>_session_<uuid>", or a JSON object
// with a member "session_id". Other values name a user and no conversation: empty.
[[nodiscard]] std::string session_of(const simdjson::dom::object& request);

// What stays the same while a conversation grows: the beginning of the system prompt and of the first message. Bounded.
[[nodiscard]] std::string stable_prefix(const simdjson::dom::object& request);

}  // namespace sluice::protocol::anthropic
