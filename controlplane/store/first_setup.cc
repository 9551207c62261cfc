#include "controlplane/store/first_setup.h"

namespace sluice::store {

Result<bool> setup_is_open(db::Transaction& tx) {
  auto rows = tx.exec(
      "SELECT NOT EXISTS (SELECT 1 FROM first_setup) AND "
      "NOT EXISTS (SELECT 1 FROM users WHERE role = 'owner' AND status <> 'deleted') AS open");
  if (!rows) return std::unexpected(rows.error());
  return rows->front().get<bool>("open");
}

Result<> lock_setup(db::Transaction& tx) {
  auto done = tx.exec("LOCK TABLE first_setup IN SHARE ROW EXCLUSIVE MODE");
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<> mark_setup_done(db::Transaction& tx, std::string_view user_id, SystemTime at) {
  auto done = tx.exec("INSERT INTO first_setup (done, user_id, at) VALUES (true, $1, $2) ON CONFLICT (done) DO NOTHING",
                      user_id, at);
  if (!done) return std::unexpected(done.error());
  if (done->affected() == 1) return {};
  return fail(ErrorCode::kFailedPrecondition, "the set-up is done: sign in");
}

}  // namespace sluice::store
