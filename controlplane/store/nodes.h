// Data-plane nodes as the control plane last saw them. Not pushed. Blocking, any thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::store {

struct Node {
  std::string node_id = {};
  // New at each start of the node's process.
  std::string boot_id = {};
  std::string build = {};
  // The config the node runs.
  std::string version_epoch = {};
  std::int64_t version_number = 0;
  bool ready = false;
  bool draining = false;
  std::int64_t open_streams = 0;
  std::int64_t journal_records = 0;
  std::int64_t journal_oldest_ms = 0;
  // JSON array of what the node rejected, each {"kind","id","revision","reason"}.
  std::string rejections = "[]";
  // JSON object: account id -> slots of it that the node holds.
  std::string account_slots = "{}";
  // The same of requests that wait.
  std::string account_waiting = "{}";
  SystemTime last_seen = {};
  // Set at the first put_node().
  SystemTime first_seen = {};
  // What people want; put_node() leaves it.
  bool drain_wanted = false;
};

// Creates or replaces, unless the stored row was seen later than this one.
Result<> put_node(db::Transaction& tx, const Node& node);
[[nodiscard]] Result<Node> get_node(db::Transaction& tx, std::string_view node_id);
// All of them (a fleet is small), by node id.
[[nodiscard]] Result<std::vector<Node>> list_nodes(db::Transaction& tx);
// Whether the node shall take no new work. kNotFound if there is none.
Result<> set_drain_wanted(db::Transaction& tx, std::string_view node_id, bool wanted);
[[nodiscard]] Result<std::set<std::string>> nodes_to_drain(db::Transaction& tx);
// kNotFound if there is none.
Result<> delete_node(db::Transaction& tx, std::string_view node_id);

}  // namespace sluice::store
