#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "common/crypto/api_key.h"
#include "common/crypto/sealed_file.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/vault.h"

namespace sluice::crypto {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "sluice-crypto-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path file(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    ::chmod((path_ / name).c_str(), mode);
    return path_ / name;
  }
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

const std::string kHex = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

TEST_CASE("a key file gives its 32 bytes, with a newline or without") {
  const Folder folder;
  const auto plain = read_key_file(folder.file("a", kHex), "pepper");
  const auto lines = read_key_file(folder.file("b", "  " + kHex + "\r\n"), "pepper");
  REQUIRE(plain.has_value());
  CHECK(plain->reveal().size() == 32);
  CHECK(plain->reveal().substr(0, 2) == std::string_view("\x00\x11", 2));
  CHECK(lines.value().reveal() == plain->reveal());
  CHECK(ApiKeyHasher::from_file(folder / "a").value().hash("x") == ApiKeyHasher(*plain).hash("x"));
}

TEST_CASE("a missing key file is an error that says how to make one") {
  const Folder folder;
  const auto missing = read_key_file(folder / "none", "pepper");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK_THAT(missing.error().message,
             Catch::Contains("pepper file") && Catch::Contains("none") && Catch::Contains("openssl rand -hex 32"));
}

TEST_CASE("a malformed key file is refused without showing its content") {
  const Folder folder;
  for (const std::string& content : {kHex.substr(1), kHex + "00", std::string(), "zz" + kHex.substr(2), kHex + " x"}) {
    CAPTURE(content);
    const auto read = read_key_file(folder.file("k", content), "vault key");
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::kInvalidArgument);
    CHECK_THAT(read.error().message, Catch::Contains("64 hex digits"));
    CHECK(read.error().message.find("2233445566") == std::string::npos);
  }
}

TEST_CASE("a file that everyone can read is refused, with the remedy") {
  const Folder folder;
  const auto open = read_key_file(folder.file("k", kHex, 0644), "pepper");
  REQUIRE_FALSE(open.has_value());
  CHECK(open.error().code == ErrorCode::kPermissionDenied);
  CHECK_THAT(open.error().message, Catch::Contains("0644") && Catch::Contains("chmod"));
  CHECK(read_key_file(folder.file("k", kHex, 0440), "pepper").has_value());
}

TEST_CASE("a text secret is one trimmed line") {
  const Folder folder;
  CHECK(read_secret_file(folder.file("p", " pass word \n"), "password").value().reveal() == "pass word");
  CHECK_FALSE(read_secret_file(folder.file("p", " \n"), "password").has_value());
  CHECK_FALSE(read_secret_file(folder.file("p", "a\nb\n"), "password").has_value());
  CHECK_FALSE(read_secret_file(folder.file("p", std::string(70'000, 'a')), "password").has_value());
  CHECK_FALSE(read_secret_file(folder / ".", "password").has_value());
}

TEST_CASE("a vault opens its key files") {
  const Folder folder;
  const std::vector<VaultKeyFile> files = {{1, folder.file("1", kHex)}, {3, folder.file("3", std::string(64, 'a'))}};
  const auto vault = Vault::open_keys(files);
  REQUIRE(vault.has_value());
  CHECK(vault->newest_version() == 3);
  CHECK_FALSE(Vault::open_keys({}).has_value());
  CHECK_FALSE(Vault::open_keys(std::vector<VaultKeyFile>{files[0], files[0]}).has_value());
  CHECK_FALSE(Vault::open_keys(std::vector<VaultKeyFile>{{0, files[0].path}}).has_value());
  CHECK_FALSE(Vault::open_keys(std::vector<VaultKeyFile>{{1, folder / "none"}}).has_value());
}

TEST_CASE("a sealed file is read back, is private, and replaces the old one whole") {
  const Folder folder;
  const Secret key(std::string(32, 'k'));
  const fs::path path = folder / "copy";
  REQUIRE(write_sealed_file(path, key, "snapshot", "old").has_value());
  const std::string large(3'000'000, 'x');
  REQUIRE(write_sealed_file(path, key, "snapshot", large).has_value());
  CHECK(read_sealed_file(path, key, "snapshot").value() == large);
  CHECK((fs::status(path).permissions() & fs::perms::mask) == fs::perms(0600));
  CHECK_FALSE(fs::exists(folder / "copy.tmp"));
}

TEST_CASE("a sealed file that is gone, cut, changed or foreign is an error") {
  const Folder folder;
  const Secret key(std::string(32, 'k'));
  const fs::path path = folder / "copy";
  CHECK(read_sealed_file(path, key, "s").error().code == ErrorCode::kNotFound);
  REQUIRE(write_sealed_file(path, key, "s", "content").has_value());
  CHECK(read_sealed_file(path, Secret(std::string(32, 'z')), "s").error().code == ErrorCode::kDataLoss);
  CHECK(read_sealed_file(path, key, "other").error().code == ErrorCode::kDataLoss);
  fs::resize_file(path, fs::file_size(path) - 1);
  CHECK(read_sealed_file(path, key, "s").error().code == ErrorCode::kDataLoss);
  CHECK(write_sealed_file(folder / "no/folder", key, "s", "c").error().code == ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sluice::crypto
