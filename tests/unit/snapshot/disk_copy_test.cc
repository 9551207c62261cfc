#include "dataplane/snapshot/disk_copy.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "common/base/uuid.h"
#include "dataplane/snapshot/disk_writer.h"
#include "tests/unit/snapshot/resources.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using snapshot::Builder;
using snapshot::DiskCopy;
using snapshot::Snapshot;

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("sluice-" + Uuid::generate(RealClock().now()).to_string());
  Folder() { std::filesystem::create_directory(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file() const { return path / "config.sealed"; }
};

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

SnapshotPtr example() {
  Model model;
  std::vector<v1::Resource> all = {user(1, 1), group(1, 1), account(1, 1, {1}), credential(1, 1)};
  for (int i = 0; i < 20; ++i)
    all.push_back(key(i, 1, 1, 1));
  for (const auto& one : all)
    model.put(one);
  Builder first(Snapshot::empty(), Builder::Base::kEmpty);
  REQUIRE(first.apply(list(all)));
  const Result<SnapshotPtr> good = first.finish(model.version());
  REQUIRE(good);
  const v1::Resource bad = raw(v1::KIND_API_KEY, uuid(3, 1), 2, v1::STATE_ACTIVE, "\xff bad");
  model.put(bad);
  Builder second(*good, Builder::Base::kCurrent);
  REQUIRE(second.apply(list({bad})));
  const Result<SnapshotPtr> result = second.finish(model.version());
  REQUIRE(result);
  return *result;
}

const Secret kKey{std::string(32, 'k')};

TEST_CASE("a saved config is loaded as it was") {
  const Folder folder;
  ManualClock clock(SystemTime(std::chrono::hours(24 * 20'000)));
  const DiskCopy copy({.path = folder.file(), .key = kKey}, clock);
  CHECK(copy.load().error().code == ErrorCode::kNotFound);
  const SnapshotPtr saved = example();
  REQUIRE(copy.save(*saved));
  struct stat status{};
  REQUIRE(::stat(folder.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(read_file(folder.file()).find("sk-1-1") == std::string::npos);

  const Result<SnapshotPtr> loaded = copy.load();
  REQUIRE(loaded);
  CHECK((*loaded)->digest() == saved->digest());
  CHECK((*loaded)->version_number() == saved->version_number());
  CHECK((*loaded)->epoch() == saved->epoch());
  CHECK((*loaded)->size() == saved->size());
  CHECK((*loaded)->tables().rejected->size() == 1);
  REQUIRE((*loaded)->find_key(hmac(1)) != nullptr);
  CHECK((*loaded)->find_key(hmac(1))->active);
  CHECK((*loaded)->credential(uuid(4, 1))->secret.reveal() == "sk-1-1");
  // One file: the temporary one is gone.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a copy damaged anywhere is refused and deleted") {
  const Folder folder;
  ManualClock clock(SystemTime(std::chrono::hours(24 * 20'000)));
  const DiskCopy copy({.path = folder.file(), .key = kKey}, clock);
  REQUIRE(copy.save(*example()));
  const std::string good = read_file(folder.file());
  for (std::size_t at = 0; at < good.size(); at += 100) {
    CAPTURE(at);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x01);
    write_file(folder.file(), bad);
    CHECK_FALSE(copy.load());
    CHECK_FALSE(std::filesystem::exists(folder.file()));
    write_file(folder.file(), good.substr(0, at));
    CHECK_FALSE(copy.load());
    CHECK_FALSE(std::filesystem::exists(folder.file()));
  }
  write_file(folder.file(), good + "x");
  CHECK_FALSE(copy.load());
}

TEST_CASE("a copy under another key or too old is refused and deleted") {
  const Folder folder;
  ManualClock clock(SystemTime(std::chrono::hours(24 * 20'000)));
  const DiskCopy copy({.path = folder.file(), .key = kKey}, clock);
  REQUIRE(copy.save(*example()));
  SECTION("another key") {
    const DiskCopy other({.path = folder.file(), .key = Secret(std::string(32, 'x'))}, clock);
    CHECK(other.load().error().code == ErrorCode::kDataLoss);
  }
  SECTION("too old") {
    clock.advance(std::chrono::hours(24));
    CHECK(copy.load());
    clock.advance(std::chrono::seconds(1));
    CHECK(copy.load().error().code == ErrorCode::kFailedPrecondition);
  }
  CHECK_FALSE(std::filesystem::exists(folder.file()));
}

TEST_CASE("the writer saves the newest config before it ends") {
  const Folder folder;
  ManualClock clock(SystemTime(std::chrono::hours(24 * 20'000)));
  const DiskCopy copy({.path = folder.file(), .key = kKey}, clock);
  const SnapshotPtr newest = example();
  {
    snapshot::DiskWriter writer(copy, {.pause = std::chrono::hours(1)},
                                [](const Error& error) { FAIL(error.message); });
    writer.offer(Snapshot::empty());
    writer.offer(newest);
  }
  const Result<SnapshotPtr> loaded = copy.load();
  REQUIRE(loaded);
  CHECK((*loaded)->digest() == newest->digest());
}

}  // namespace
