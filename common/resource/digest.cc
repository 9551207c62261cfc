#include "common/resource/digest.h"

#include <sodium.h>

namespace sluice::resource {

namespace {

void update_number(crypto_generichash_state& state, std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
  crypto_generichash_update(&state, bytes.data(), bytes.size());
}

void update_text(crypto_generichash_state& state, std::string_view text) {
  update_number(state, text.size());
  crypto_generichash_update(&state, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

}  // namespace

ResourceHash hash(const config::v1::Resource& resource) {
  crypto_generichash_state state;
  ResourceHash out;
  crypto_generichash_init(&state, nullptr, 0, out.size());
  update_number(state, static_cast<std::uint64_t>(resource.kind()));
  update_text(state, resource.id());
  update_number(state, resource.revision());
  update_number(state, static_cast<std::uint64_t>(resource.state()));
  update_text(state, resource.payload());
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

void Digest::add(const ResourceHash& hash) {
  sodium_add(sum_.data(), hash.data(), sum_.size());
}

void Digest::remove(const ResourceHash& hash) {
  sodium_sub(sum_.data(), hash.data(), sum_.size());
}

}  // namespace sluice::resource
