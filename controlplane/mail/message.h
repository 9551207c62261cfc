// A mail, and how it looks on the wire: plain text in UTF-8 (RFC 5322, MIME RFC 2045-2047). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/secret.h"

namespace sluice::mail {

struct Message {
  // As check_address() allows it.
  std::string to = {};
  // One line.
  std::string subject = {};
  // Lines end with \n. May hold a link that signs in.
  Secret text = {};
};

struct Sender {
  std::string address = {};  // as check_address() allows it
  std::string name = {};     // empty: none
};

// With \r\n at the end of lines, no line longer than 78 characters but a long address, and nothing that a value could
// break out with. `id` makes the message id.
[[nodiscard]] Secret render(const Message& message, const Sender& from, SystemTime at, std::string_view id);

}  // namespace sluice::mail
