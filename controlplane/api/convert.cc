#include "controlplane/api/convert.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "common/money/money.h"
#include "common/resource/limits.h"

namespace sluice::api {

void set_time(google::protobuf::Timestamp* into, SystemTime at) {
  const std::int64_t us = at.time_since_epoch().count();
  std::int64_t seconds = us / 1'000'000;
  std::int64_t rest = us % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  into->set_seconds(seconds);
  into->set_nanos(static_cast<std::int32_t>(rest * 1000));
}

SystemTime to_time(const google::protobuf::Timestamp& at) {
  return SystemTime(std::chrono::seconds(at.seconds()) + std::chrono::microseconds(at.nanos() / 1000));
}

std::string etag_of(std::int64_t revision) {
  return fmt::format("r{}", revision);
}

Result<std::optional<std::int64_t>> revision_of(const std::string& etag) {
  if (etag.empty()) return std::optional<std::int64_t>();
  std::int64_t revision = 0;
  const auto [rest, error] = std::from_chars(etag.data() + 1, etag.data() + etag.size(), revision);
  if (etag[0] != 'r' || error != std::errc{} || rest != etag.data() + etag.size()) {
    return fail(ErrorCode::kInvalidArgument, "etag: give back the etag of an answer, unchanged");
  }
  return std::optional(revision);
}

Result<std::int64_t> parse_usd_field(std::string_view field, const std::string& text, std::int64_t fallback) {
  if (text.empty()) return fallback;
  auto parsed = money::parse_usd(text);
  if (!parsed) return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", field, parsed.error().message));
  return *parsed;
}

Result<> parse_limit_field(std::string_view field, const std::string& text, std::optional<std::int64_t>& into) {
  into.reset();
  if (text.empty()) return {};
  const auto amount = parse_usd_field(field, text, 0);
  if (!amount) return std::unexpected(amount.error());
  if (*amount <= 0 || *amount > resource::kMaxBudget) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} must be above 0; leave it empty for no limit", field));
  }
  into = *amount;
  return {};
}

std::string limit_text(const std::optional<std::int64_t>& nano_usd) {
  return nano_usd ? money::format_usd(*nano_usd) : std::string();
}

Result<std::int64_t> parse_multiplier_field(std::string_view field, const std::string& text, std::int64_t fallback) {
  if (text.empty()) return fallback;
  auto parsed = money::parse_multiplier(text);
  if (!parsed) return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", field, parsed.error().message));
  return static_cast<std::int64_t>(*parsed);
}

google::protobuf::FieldMask mask_or_set_fields(const google::protobuf::FieldMask& mask,
                                               const google::protobuf::Message& changes) {
  if (mask.paths_size() > 0) return mask;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  changes.GetReflection()->ListFields(changes, &fields);
  google::protobuf::FieldMask out;
  for (const auto* field : fields)
    out.add_paths(field->name());
  return out;
}

Result<> require_not_negative(std::initializer_list<NamedNumber> numbers) {
  for (const NamedNumber& number : numbers) {
    if (number.value < 0) return fail(ErrorCode::kInvalidArgument, fmt::format("{}: must be 0 or more", number.field));
  }
  return {};
}

Result<> require(std::string_view field, const std::string& text) {
  if (text.empty()) return fail(ErrorCode::kInvalidArgument, fmt::format("{}: is required", field));
  return {};
}

}  // namespace sluice::api
