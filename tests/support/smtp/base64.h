// Base64 as mails have it, without its line ends. Pure; any thread.
#pragma once

#include <sodium.h>

#include <stdexcept>
#include <string>

namespace sluice::testing {

// Throws if it is none.
inline std::string decode_base64(const std::string& text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr,
                        &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0) {
    throw std::runtime_error("not base64: " + text);
  }
  out.resize(size);
  return out;
}

}  // namespace sluice::testing
