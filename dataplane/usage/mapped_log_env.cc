#include "dataplane/usage/mapped_log_env.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace sluice::usage {

namespace {

// Regions grow, so that an idle journal takes little and a busy one seldom maps.
constexpr std::size_t kFirstRegion = 64 * 1024;
constexpr std::size_t kLargestRegion = 4 * 1024 * 1024;

leveldb::Status failed(const std::string& name, int error) {
  return leveldb::Status::IOError(name, std::strerror(error));
}

class MappedLog final : public leveldb::WritableFile {
 public:
  MappedLog(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}
  ~MappedLog() override { (void)Close(); }

  leveldb::Status Append(const leveldb::Slice& data) override {
    const char* from = data.data();
    for (std::size_t left = data.size(); left > 0;) {
      if (used_ == size_) {
        if (leveldb::Status mapped = map_next(); !mapped.ok()) return mapped;
      }
      const std::size_t now = std::min(left, size_ - used_);
      std::memcpy(region_ + used_, from, now);
      used_ += now;
      from += now;
      left -= now;
    }
    return leveldb::Status::OK();
  }

  // The page cache has it already.
  leveldb::Status Flush() override { return leveldb::Status::OK(); }

  leveldb::Status Sync() override {
    return ::fdatasync(descriptor_) == 0 ? leveldb::Status::OK() : failed(name_, errno);
  }

  leveldb::Status Close() override {
    if (descriptor_ < 0) return leveldb::Status::OK();
    const off_t end = static_cast<off_t>(offset_ + used_);
    unmap();
    const bool trimmed = ::ftruncate(descriptor_, end) == 0;
    const int error = errno;
    ::close(std::exchange(descriptor_, -1));
    return trimmed ? leveldb::Status::OK() : failed(name_, error);
  }

 private:
  leveldb::Status map_next() {
    const std::size_t start = offset_ + used_;
    const std::size_t size = size_ == 0 ? kFirstRegion : std::min(size_ * 2, kLargestRegion);
    if (const int error = ::posix_fallocate(descriptor_, static_cast<off_t>(start), static_cast<off_t>(size))) {
      return failed(name_, error);
    }
    void* const mapped =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, static_cast<off_t>(start));
    if (mapped == MAP_FAILED) return failed(name_, errno);
    unmap();
    region_ = static_cast<char*>(mapped);
    size_ = size;
    offset_ = start;
    used_ = 0;
    return leveldb::Status::OK();
  }

  void unmap() {
    if (region_ != nullptr) ::munmap(region_, size_);
    region_ = nullptr;
  }

  const std::string name_;
  int descriptor_;
  char* region_ = nullptr;
  std::size_t size_ = 0;    // of the region; a multiple of the page size
  std::size_t offset_ = 0;  // of the region in the file
  std::size_t used_ = 0;    // of the region
};

class MappedLogEnv final : public leveldb::EnvWrapper {
 public:
  MappedLogEnv() : EnvWrapper(leveldb::Env::Default()) {}

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    if (!name.ends_with(".log")) return target()->NewWritableFile(name, file);
    *file = nullptr;
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return failed(name, errno);
    *file = new MappedLog(name, descriptor);  // LevelDB's interface: the caller owns it
    return leveldb::Status::OK();
  }
};

}  // namespace

leveldb::Env* mapped_log_env() {
  static MappedLogEnv env;
  return &env;
}

}  // namespace sluice::usage
