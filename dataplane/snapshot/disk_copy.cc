#include "dataplane/snapshot/disk_copy.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "common/crypto/sealed_file.h"
#include "common/observe/log.h"
#include "dataplane/snapshot/builder.h"
#include "dataplane/snapshot/tables.h"

namespace sluice::snapshot {

namespace {

// Names the format: a build with another one cannot open the file.
constexpr std::string_view kContext = "dataplane|config_copy|1";
constexpr std::size_t kPartBytes = 512 * 1024;

void append_number(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i)
    out.push_back(static_cast<char>(value >> (8 * i)));
}

// Takes a number off the front; empty if there is none.
std::optional<std::uint64_t> take_number(std::string_view& from) {
  if (from.size() < 8) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(from[i]);
  from.remove_prefix(8);
  return value;
}

// The parts of a snapshot as on the wire, each with its length in front.
class Encoder {
 public:
  Encoder(const Tables& tables, SystemTime now) {
    append_number(out_, static_cast<std::uint64_t>(now.time_since_epoch().count()));
    part_.mutable_target()->set_epoch(tables.epoch);
    part_.mutable_target()->set_number(tables.number);
    part_.mutable_target()->set_digest(tables.digest_bytes);
  }
  void add(const config::v1::Resource& resource) {
    *part_.add_resources() = resource;
    bytes_ += resource.payload().size() + resource.id().size();
    if (bytes_ >= kPartBytes) flush(false);
  }
  std::string finish() {
    flush(true);
    return std::move(out_);
  }

 private:
  void flush(bool last) {
    part_.set_last(last);
    append_number(out_, part_.ByteSizeLong());
    part_.AppendToString(&out_);
    part_.clear_resources();
    bytes_ = 0;
  }

  config::v1::SnapshotPart part_;
  std::size_t bytes_ = 0;
  std::string out_;
};

std::string encode(const Tables& tables, SystemTime now) {
  Encoder encoder(tables, now);
  for_each_row(tables, [&](config::v1::Kind kind, const auto& row) {
    config::v1::Resource resource;
    resource.set_kind(kind);
    resource.set_id(row.entry.id);
    resource.set_revision(row.revision);
    resource.set_state(row.state);
    resource.set_payload(row.payload);
    resource.set_moment(row.moment);
    encoder.add(resource);
  });
  // After the good revisions, so that reading finds these to fall back to.
  for (const auto& [key, rejected] : *tables.rejected)
    encoder.add(rejected.resource);
  return encoder.finish();
}

}  // namespace

DiskCopy::DiskCopy(DiskCopyOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

Result<> DiskCopy::save(const Snapshot& snapshot) const {
  return crypto::write_sealed_file(options_.path, options_.key, kContext, encode(snapshot.tables(), clock_.now()));
}

Result<std::shared_ptr<const Snapshot>> DiskCopy::load() const {
  Result<std::shared_ptr<const Snapshot>> loaded = read();
  if (!loaded && loaded.error().code != ErrorCode::kNotFound) {
    std::error_code ignored;
    std::filesystem::remove(options_.path, ignored);
    observe::log(observe::Level::kWarn, "config_copy_deleted",
                 {{"path", options_.path}, {"reason", loaded.error().message}});
  }
  return loaded;
}

Result<std::shared_ptr<const Snapshot>> DiskCopy::read() const {
  const Result<std::string> content = crypto::read_sealed_file(options_.path, options_.key, kContext);
  if (!content) return std::unexpected(content.error());
  std::string_view rest = *content;
  const auto unreadable = [] { return fail(ErrorCode::kDataLoss, "the config copy is not readable"); };
  const std::optional<std::uint64_t> written = take_number(rest);
  if (!written) return unreadable();
  const auto age = clock_.now() - SystemTime(std::chrono::microseconds(static_cast<std::int64_t>(*written)));
  if (age > options_.max_age) {
    return fail(ErrorCode::kFailedPrecondition,
                fmt::format("the config copy is {} s old; {} s are allowed",
                            std::chrono::duration_cast<std::chrono::seconds>(age).count(), options_.max_age.count()));
  }
  Builder builder(Snapshot::empty(), Builder::Base::kEmpty);
  for (;;) {
    const std::optional<std::uint64_t> size = take_number(rest);
    if (!size || *size > rest.size()) return unreadable();
    config::v1::SnapshotPart part;
    if (!part.ParseFromArray(rest.data(), static_cast<int>(*size))) return unreadable();
    rest.remove_prefix(*size);
    if (Result<> applied = builder.apply(part.resources()); !applied) return std::unexpected(applied.error());
    if (part.last()) return builder.finish(part.target());
  }
}

}  // namespace sluice::snapshot
