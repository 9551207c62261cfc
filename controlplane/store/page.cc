#include "controlplane/store/page.h"

#include <fmt/format.h>
#include <sodium.h>

#include <charconv>

#include "common/base/uuid.h"

namespace sluice::store {
namespace {

constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::optional<Position> parse(std::string_view text) {
  std::int64_t micros = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), micros);
  text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
  if (error != std::errc() || !text.starts_with('.')) return std::nullopt;
  const auto id = Uuid::parse(text.substr(1));
  if (!id) return std::nullopt;
  return Position{SystemTime(std::chrono::microseconds(micros)), id->to_string()};
}

}  // namespace

std::string encode_cursor(const Position& position) {
  const std::string text = fmt::format("{}.{}", position.created_at.time_since_epoch().count(), position.id);
  std::string out(sodium_base64_encoded_len(text.size(), kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), kVariant);
  out.pop_back();  // the terminating NUL
  return out;
}

Result<std::optional<Position>> decode_cursor(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const bool decoded = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                                         text.size(), nullptr, &size, nullptr, kVariant) == 0;
  auto position = decoded ? parse(std::string_view(bytes).substr(0, size)) : std::nullopt;
  if (!position) return fail(ErrorCode::kInvalidArgument, "the page token is not one that this list gave out");
  return position;
}

}  // namespace sluice::store
