#include "common/crypto/secret_file.h"

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace sluice::crypto {

Result<Secret> read_secret_file(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("secret file {}: {}", path, std::strerror(errno)));
  }
  if ((info.st_mode & S_IROTH) != 0) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("secret file {} can be read by everyone; run: chmod 600 {}", path, path));
  }
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
    line.pop_back();
  if (line.empty()) return fail(ErrorCode::kInvalidArgument, fmt::format("secret file {} is empty", path));
  return Secret(std::move(line));
}

Result<Key> read_key_file(const std::string& path) {
  auto text = read_secret_file(path);
  if (!text) return std::unexpected(text.error());
  Key key{};
  std::size_t length = 0;
  const std::string_view hex = text->reveal();
  if (hex.size() != 2 * key.size() ||
      sodium_hex2bin(key.data(), key.size(), hex.data(), hex.size(), nullptr, &length, nullptr) != 0 ||
      length != key.size()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("secret file {} must hold 64 hexadecimal digits; make one with: openssl rand -hex 32", path));
  }
  return key;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  // Comparing digests hides the length as well.
  std::array<std::uint8_t, crypto_generichash_BYTES> left{};
  std::array<std::uint8_t, crypto_generichash_BYTES> right{};
  crypto_generichash(left.data(), left.size(), reinterpret_cast<const std::uint8_t*>(a.data()), a.size(), nullptr, 0);
  crypto_generichash(right.data(), right.size(), reinterpret_cast<const std::uint8_t*>(b.data()), b.size(), nullptr, 0);
  return sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace sluice::crypto
