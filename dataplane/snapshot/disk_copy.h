// The sealed copy of the last good config on the node's disk, so that a restarted node serves although the control
// plane is away. It holds upstream secrets, so it is sealed under a key from outside the data folder (common/crypto). A
// damaged, foreign or stale copy is deleted, never repaired. Blocking; one thread at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "dataplane/snapshot/snapshot.h"

namespace sluice::snapshot {

struct DiskCopyOptions {
  std::string path;
  Secret key;  // 32 bytes, see crypto::read_key_file()
  std::chrono::seconds max_age = std::chrono::hours(24);
};

class DiskCopy {
 public:
  DiskCopy(DiskCopyOptions options, const Clock& clock);

  // Replaces the copy as a whole: after a crash the old or the new one is there.
  [[nodiscard]] Result<> save(const Snapshot& snapshot) const;

  // kNotFound: there is none. Any other error: the copy was not usable, the error says why, and the file is gone.
  // Resources that an older build refused are tried again.
  [[nodiscard]] Result<std::shared_ptr<const Snapshot>> load() const;

 private:
  [[nodiscard]] Result<std::shared_ptr<const Snapshot>> read() const;

  DiskCopyOptions options_;
  const Clock& clock_;
};

}  // namespace sluice::snapshot
