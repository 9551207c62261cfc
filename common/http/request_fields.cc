#include "common/http/request_fields.h"

#include <algorithm>

#include "common/http/syntax.h"
#include "common/http/target.h"

namespace sluice::http {

namespace {

constexpr std::size_t kMaxLengthDigits = 19;

}  // namespace

bool FieldRules::take(const Field& field) {
  const std::string_view name = field.name;
  const std::string_view value = field.value;
  switch (name.size()) {
    case 4:
      if (!same_name(name, "host")) return true;
      head_.host = value;
      return once(kHost) && (is_valid_host(value) || refuse(400, "the Host field is not a valid host"));
    case 6:
      return !same_name(name, "expect") || take_expect(value);
    case 9:
      return !same_name(name, "x-api-key") || once(kApiKey);
    case 10:
      if (same_name(name, "connection")) take_connection(value);
      return true;
    case 12:
      return !same_name(name, "content-type") || once(kType);
    case 13:
      return !same_name(name, "authorization") || once(kAuthorization);
    case 14:
      if (same_name(name, "content-length")) return take_length(value);
      return !same_name(name, "x-goog-api-key") || once(kGoogApiKey);
    case 16:
      if (!same_name(name, "content-encoding")) return true;
      return once(kEncoding) && (same_name(value, "identity") || refuse(415, "request bodies must not be encoded"));
    case 17:
      return !same_name(name, "transfer-encoding") || take_transfer(value);
    default:
      return true;
  }
}

bool FieldRules::finish(bool http_10) {
  if ((seen_ & kTransfer) != 0) {
    // RFC 9112, section 6.1: both is how requests are smuggled; in HTTP/1.0 the framing is faulty.
    if ((seen_ & kLength) != 0) return refuse(400, "a request has both Content-Length and Transfer-Encoding");
    if (http_10) return refuse(400, "an HTTP/1.0 request has a Transfer-Encoding");
  }
  if (http_10) return refuse(505, "only HTTP/1.1 is spoken here");
  return (seen_ & kHost) != 0 || refuse(400, "the Host field is missing");
}

bool FieldRules::once(Seen which) {
  if ((seen_ & which) != 0) return refuse(400, "a header field that may stand once is repeated");
  seen_ |= which;
  return true;
}

bool FieldRules::take_length(std::string_view value) {
  if (!once(kLength)) return false;
  if (value.empty() || value.size() > kMaxLengthDigits || !all_are(value, kDigitChar)) {
    return refuse(400, "Content-Length is not a number of 1 to 19 digits");
  }
  std::uint64_t length = 0;
  for (const char digit : value)
    length = length * 10 + static_cast<std::uint64_t>(digit - '0');
  head_.framing = {.kind = BodyFraming::Kind::kLength, .length = length};
  return true;
}

bool FieldRules::take_transfer(std::string_view value) {
  if (!once(kTransfer)) return false;
  if (!same_name(value, "chunked")) return refuse(400, "Transfer-Encoding is not exactly 'chunked'");
  head_.framing = {.kind = BodyFraming::Kind::kChunked, .length = 0};
  return true;
}

bool FieldRules::take_expect(std::string_view value) {
  if (!same_name(value, "100-continue")) return refuse(417, "the expectation is not known");
  head_.expects_continue = true;
  return true;
}

void FieldRules::take_connection(std::string_view value) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    if (same_name(trim(value.substr(0, comma)), "close")) head_.keep_alive = false;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

bool FieldRules::refuse(unsigned status, std::string_view message) {
  refusal_.status = status;
  refusal_.message = message;
  return false;
}

}  // namespace sluice::http
