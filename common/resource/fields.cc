#include "common/resource/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <set>

#include "common/base/uuid.h"
#include "common/http/client_pool.h"
#include "common/resource/limits.h"

namespace sluice::resource {

namespace {

std::unexpected<Error> invalid(std::string_view field, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{} {}", field, why));
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

Result<> check_text(std::string_view field, std::string_view value, std::size_t max_bytes) {
  if (value.size() > max_bytes) {
    return invalid(field, fmt::format("is {} bytes long; at most {} are allowed", value.size(), max_bytes));
  }
  if (std::ranges::any_of(value, is_control)) return invalid(field, "contains control characters");
  return {};
}

Result<> check_required_text(std::string_view field, std::string_view value, std::size_t max_bytes) {
  if (value.empty()) return invalid(field, "is empty");
  return check_text(field, value, max_bytes);
}

Result<> check_uuid(std::string_view field, std::string_view value) {
  const Result<Uuid> id = Uuid::parse(value);
  if (!id || id->to_string() != value) return invalid(field, "is not a UUID in lower case");
  return {};
}

Result<> check_token(std::string_view field, std::string_view value, std::size_t max_bytes) {
  if (value.empty()) return invalid(field, "is empty");
  if (value.size() > max_bytes) return invalid(field, fmt::format("is longer than {} bytes", max_bytes));
  const bool printable = std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!printable) return invalid(field, "contains spaces or characters outside printable ASCII");
  return {};
}

Result<> check_identifier(std::string_view field, std::string_view value) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (value.empty() || value.size() > 64 || !std::ranges::all_of(value, allowed)) {
    return invalid(field, "must be 1 to 64 lower-case letters, digits or underscores");
  }
  return {};
}

Result<> check_time(std::string_view field, const google::protobuf::Timestamp& value) {
  constexpr std::int64_t kEndOf9999 = 253'402'300'799;
  if (value.seconds() < 0 || value.seconds() > kEndOf9999 || value.nanos() < 0 || value.nanos() > 999'999'999) {
    return invalid(field, "is not a time between 1970 and 9999");
  }
  return {};
}

Result<> check_url(std::string_view field, std::string_view value) {
  if (Result<> text = check_required_text(field, value, kMaxUrlBytes); !text) return text;
  const Result<http::BaseUrl> url = http::parse_base_url(value);
  if (!url) return invalid(field, fmt::format("is not usable: {}", url.error().message));
  return {};
}

Result<> check_host_and_port(std::string_view field, std::string_view value) {
  if (Result<> token = check_token(field, value, 300); !token) return token;
  const std::size_t colon = value.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return invalid(field, "must be \"host:port\"");
  const std::string_view host = value.substr(0, colon);
  const std::string_view digits = value.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) {
    return invalid(field, "must end in a port between 1 and 65535");
  }
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[]") != std::string_view::npos) {
    return invalid(field, "must write an IPv6 address in brackets");
  }
  const bool plain = std::ranges::none_of(host, [](char c) { return (c >= 'A' && c <= 'Z') || c == '/' || c == '@'; });
  if (!plain) return invalid(field, "must be a lower-case host name without scheme, path or user");
  return {};
}

Result<> check_count(std::string_view field, int count, int most) {
  if (count <= most) return {};
  return invalid(field, fmt::format("has {} entries; at most {} are allowed", count, most));
}

Result<> check_unique(std::string_view field, const google::protobuf::RepeatedPtrField<std::string>& values) {
  const std::set<std::string_view> distinct(values.begin(), values.end());
  if (distinct.size() == static_cast<std::size_t>(values.size())) return {};
  return invalid(field, "names the same entry twice");
}

Result<> check_uuids(std::string_view field, const google::protobuf::RepeatedPtrField<std::string>& values, int most) {
  if (Result<> r = check_count(field, values.size(), most); !r) return r;
  for (const std::string& id : values) {
    if (Result<> r = check_uuid(field, id); !r) return r;
  }
  return check_unique(field, values);
}

template <class Number>
Result<> check_range(std::string_view field, Number value, Number low, Number high) {
  if (value < low || value > high) {
    return invalid(field, fmt::format("is {}; it must be between {} and {}", value, low, high));
  }
  return {};
}

template Result<> check_range(std::string_view, std::uint32_t, std::uint32_t, std::uint32_t);
template Result<> check_range(std::string_view, std::int32_t, std::int32_t, std::int32_t);
template Result<> check_range(std::string_view, std::uint64_t, std::uint64_t, std::uint64_t);
template Result<> check_range(std::string_view, std::int64_t, std::int64_t, std::int64_t);

}  // namespace sluice::resource
