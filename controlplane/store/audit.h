// The audit log: who changed what, when. Append-only; the database itself refuses changes. Blocking, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/store/page.h"

namespace sluice::store {

struct AuditRecord {
  std::string id = {};
  // Who: a user's id, or "system".
  std::string actor = {};
  // What, e.g. "user.update".
  std::string action = {};
  // Of which object, e.g. "user" and its id.
  std::string object_kind = {};
  std::string object_id = {};
  // JSON objects without secrets; empty where there is none (before a create, after a delete).
  std::optional<std::string> before = {};
  std::optional<std::string> after = {};
  // Set when appended.
  SystemTime at = {};
  std::string request_id = {};
};

struct AuditFilter {
  std::optional<std::string> actor = {};
  std::optional<std::string> object_kind = {};
  std::optional<std::string> object_id = {};
};

// In the transaction of the change itself, so that no change goes without its record.
Result<> append_audit(db::Transaction& tx, const AuditRecord& record);
[[nodiscard]] Result<Page<AuditRecord>> list_audit(db::Transaction& tx, const PageRequest& page,
                                                   const AuditFilter& filter = {});

}  // namespace sluice::store
