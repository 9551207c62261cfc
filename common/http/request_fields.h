// The header fields that decide how a request is framed, routed and authenticated: each at most once, each in its one
// accepted form. Used by the request parser only.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/http/head.h"
#include "common/http/refusal.h"

namespace sluice::http {

class FieldRules {
 public:
  FieldRules(RequestHead& head, Refusal& refusal) : head_(head), refusal_(refusal) {}

  // Looks at the next field and notes in the head what it decides. False: refused.
  [[nodiscard]] bool take(const Field& field);
  // What can only be judged when all fields are known. False: refused.
  [[nodiscard]] bool finish(bool http_10);

 private:
  enum Seen : std::uint16_t {
    kHost = 1,
    kLength = 2,
    kTransfer = 4,
    kAuthorization = 8,
    kApiKey = 16,
    kGoogApiKey = 32,
    kType = 64,
    kEncoding = 128,
  };

  [[nodiscard]] bool once(Seen which);
  [[nodiscard]] bool take_length(std::string_view value);
  [[nodiscard]] bool take_transfer(std::string_view value);
  [[nodiscard]] bool take_expect(std::string_view value);
  void take_connection(std::string_view value);
  [[nodiscard]] bool refuse(unsigned status, std::string_view message);

  RequestHead& head_;
  Refusal& refusal_;
  std::uint16_t seen_ = 0;
};

}  // namespace sluice::http
