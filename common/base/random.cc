#include "common/base/random.h"

#include <sodium.h>

#include <cstdlib>

namespace sluice {

namespace {

// libsodium must be initialised before its first use; it may be called often and from any thread.
void ensure_sodium() {
  static const int ready = sodium_init();
  if (ready < 0) std::abort();
}

}  // namespace

void fill_random(std::span<std::uint8_t> out) {
  // A private pool per thread: one system call per 4 KiB instead of one per id.
  thread_local std::uint8_t pool[4096];
  thread_local std::size_t used = sizeof(pool);
  ensure_sodium();
  if (out.size() > sizeof(pool)) {
    randombytes_buf(out.data(), out.size());
    return;
  }
  if (used + out.size() > sizeof(pool)) {
    randombytes_buf(pool, sizeof(pool));
    used = 0;
  }
  for (std::uint8_t& byte : out) {
    byte = pool[used];
    pool[used++] = 0;  // a byte handed out is never kept
  }
}

std::uint64_t random_below(std::uint64_t bound) {
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    std::uint64_t value = 0;
    fill_random(std::span(reinterpret_cast<std::uint8_t*>(&value), sizeof(value)));
    if (value < limit) return value % bound;
  }
}

std::string random_base62(std::size_t length) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text(length, '0');
  for (char& c : text)
    c = kAlphabet[random_below(kAlphabet.size())];
  return text;
}

}  // namespace sluice
