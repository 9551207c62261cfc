#include "dataplane/usage/journal_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <leveldb/env.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "common/observe/log.h"
#include "dataplane/usage/mapped_log_env.h"

namespace sluice::usage {

namespace fs = std::filesystem;

// LevelDB tells of dropped bytes in its own log only; we repeat those lines in ours.
class JournalStore::DamageLog final : public leveldb::Logger {
 public:
  void Logv(const char* format, va_list arguments) override {
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    const std::string_view text(line);
    if (text.find("dropping") == text.npos && text.find("Ignoring error") == text.npos) return;
    seen_ = true;
    observe::log(observe::Level::kError, "journal_damaged", {{"cause", text}});
  }
  [[nodiscard]] bool seen() const { return seen_; }

 private:
  std::atomic<bool> seen_{false};
};

namespace {

leveldb::Options options_for(leveldb::Logger* log) {
  leveldb::Options options;
  options.create_if_missing = true;
  options.compression = leveldb::kNoCompression;
  options.write_buffer_size = 16 * 1024 * 1024;
  options.max_open_files = 64;
  options.info_log = log;
  options.env = mapped_log_env();
  return options;
}

// LevelDB would begin anew, over the old tables, where only its pointer to them is gone.
bool lost_its_root(const std::string& path) {
  std::error_code ignored;
  if (fs::exists(path + "/CURRENT", ignored)) return false;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    const std::string extension = entry.path().extension();
    if (extension == ".ldb" || extension == ".log") return true;
  }
  return false;
}

bool held_by_another(const leveldb::Status& status) {
  return status.IsIOError() && status.ToString().find("lock ") != std::string::npos;
}

}  // namespace

JournalStore::JournalStore(std::string path) : path_(std::move(path)), damage_log_(std::make_unique<DamageLog>()) {}

JournalStore::~JournalStore() = default;

Result<std::unique_ptr<JournalStore>> JournalStore::open(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return fail(ErrorCode::kUnavailable, fmt::format("journal: cannot make the folder {}: {}", path, error.message()));
  }
  fs::permissions(path, fs::perms::owner_all, error);
  std::unique_ptr<JournalStore> store(new JournalStore(path));
  if (Result<> opened = store->open_or_repair(); !opened) return std::unexpected(opened.error());
  store->damaged_ = store->damaged_ || store->damage_log_->seen();
  return store;
}

leveldb::Status JournalStore::try_open() {
  leveldb::DB* db = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options_for(damage_log_.get()), path_, &db);
  db_.reset(db);
  return status;
}

Result<> JournalStore::open_or_repair() {
  const bool rootless = lost_its_root(path_);
  leveldb::Status status = rootless ? leveldb::Status::Corruption("CURRENT is missing") : try_open();
  if (status.ok()) return {};
  if (held_by_another(status)) {
    return fail(ErrorCode::kFailedPrecondition,
                fmt::format("journal: {} is in use by another process; give every node its own journal folder", path_));
  }
  if (status.IsIOError()) {
    return fail(ErrorCode::kUnavailable, fmt::format("journal: cannot open {}: {}", path_, status.ToString()));
  }
  damaged_ = true;
  observe::log(observe::Level::kError, "journal_repair", {{"path", path_}, {"cause", status.ToString()}});
  status = leveldb::RepairDB(path_, options_for(damage_log_.get()));
  if (status.ok()) status = try_open();
  if (status.ok()) return {};
  observe::log(observe::Level::kError, "journal_set_aside", {{"path", path_}, {"cause", status.ToString()}});
  return set_aside();
}

Result<> JournalStore::set_aside() {
  std::error_code error;
  std::string aside;
  for (int n = 1; aside.empty() || fs::exists(aside); ++n)
    aside = fmt::format("{}.damaged-{}", path_, n);
  fs::rename(path_, aside, error);
  if (error) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("journal: cannot move the damaged {} aside: {}", path_, error.message()));
  }
  const leveldb::Status status = try_open();
  if (!status.ok()) {
    return fail(ErrorCode::kUnavailable, fmt::format("journal: cannot make {}: {}", path_, status.ToString()));
  }
  return {};
}

Result<> JournalStore::reopen() {
  db_.reset();
  const leveldb::Status status = try_open();
  if (!status.ok()) {
    return fail(ErrorCode::kUnavailable, fmt::format("journal: cannot reopen {}: {}", path_, status.ToString()));
  }
  return {};
}

Result<> JournalStore::sync() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    if (entry.path().extension() != ".log") continue;
    const int fd = ::open(entry.path().c_str(), O_WRONLY | O_CLOEXEC);
    // A log that is gone has become a table, which LevelDB synced itself.
    if (fd < 0 && errno == ENOENT) continue;
    const int failed = fd < 0 || ::fdatasync(fd) != 0 ? errno : 0;
    if (fd >= 0) ::close(fd);
    if (failed != 0) {
      return fail(ErrorCode::kUnavailable, fmt::format("journal: cannot sync {}: {}", path_, std::strerror(failed)));
    }
  }
  if (error) {
    return fail(ErrorCode::kUnavailable, fmt::format("journal: cannot read {}: {}", path_, error.message()));
  }
  return {};
}

}  // namespace sluice::usage
