#include "controlplane/store/nodes.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {
namespace {

#define SLUICE_NODE_COLUMNS                                                                                  \
  "node_id, boot_id, build, version_epoch, version_number, ready, draining, open_streams, journal_records, " \
  "journal_oldest_ms, rejections, last_seen, first_seen, account_slots, account_waiting, drain_wanted"

constexpr db::Statement kPut{
    "put_node",
    "INSERT INTO nodes (node_id, boot_id, build, version_epoch, version_number, ready, draining, open_streams, "
    "journal_records, journal_oldest_ms, rejections, last_seen, account_slots, account_waiting) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (node_id) DO UPDATE SET "
    "boot_id = EXCLUDED.boot_id, build = EXCLUDED.build, version_epoch = EXCLUDED.version_epoch, "
    "version_number = EXCLUDED.version_number, ready = EXCLUDED.ready, draining = EXCLUDED.draining, "
    "open_streams = EXCLUDED.open_streams, journal_records = EXCLUDED.journal_records, "
    "journal_oldest_ms = EXCLUDED.journal_oldest_ms, rejections = EXCLUDED.rejections, "
    "account_slots = EXCLUDED.account_slots, account_waiting = EXCLUDED.account_waiting, last_seen = "
    "EXCLUDED.last_seen WHERE nodes.last_seen <= "
    "EXCLUDED.last_seen"};

Node read_node(const db::Row& row) {
  return {.node_id = row.get<std::string>("node_id"),
          .boot_id = row.get<std::string>("boot_id"),
          .build = row.get<std::string>("build"),
          .version_epoch = row.get<std::string>("version_epoch"),
          .version_number = row.get<std::int64_t>("version_number"),
          .ready = row.get<bool>("ready"),
          .draining = row.get<bool>("draining"),
          .open_streams = row.get<std::int64_t>("open_streams"),
          .journal_records = row.get<std::int64_t>("journal_records"),
          .journal_oldest_ms = row.get<std::int64_t>("journal_oldest_ms"),
          .rejections = row.get<std::string>("rejections"),
          .account_slots = row.get<std::string>("account_slots"),
          .account_waiting = row.get<std::string>("account_waiting"),
          .last_seen = row.get<SystemTime>("last_seen"),
          .first_seen = row.get<SystemTime>("first_seen"),
          .drain_wanted = row.get<bool>("drain_wanted")};
}

}  // namespace

Result<> put_node(db::Transaction& tx, const Node& node) {
  auto done = tx.exec(kPut, node.node_id, node.boot_id, node.build, node.version_epoch, node.version_number, node.ready,
                      node.draining, node.open_streams, node.journal_records, node.journal_oldest_ms, node.rejections,
                      node.last_seen, node.account_slots, node.account_waiting);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<Node> get_node(db::Transaction& tx, std::string_view node_id) {
  auto rows = tx.exec("SELECT " SLUICE_NODE_COLUMNS " FROM nodes WHERE node_id = $1", node_id);
  return one(rows, read_node, [&] { return not_found("node", node_id); });
}

Result<std::vector<Node>> list_nodes(db::Transaction& tx) {
  auto rows = tx.exec("SELECT " SLUICE_NODE_COLUMNS " FROM nodes ORDER BY node_id");
  if (!rows) return std::unexpected(rows.error());
  std::vector<Node> out;
  for (const db::Row row : *rows)
    out.push_back(read_node(row));
  return out;
}

Result<> set_drain_wanted(db::Transaction& tx, std::string_view node_id, bool wanted) {
  auto done = tx.exec("UPDATE nodes SET drain_wanted = $2 WHERE node_id = $1", node_id, wanted);
  if (!done) return std::unexpected(done.error());
  if (done->affected() == 0) return not_found("node", node_id);
  return {};
}

Result<std::set<std::string>> nodes_to_drain(db::Transaction& tx) {
  auto rows = tx.exec("SELECT node_id FROM nodes WHERE drain_wanted");
  if (!rows) return std::unexpected(rows.error());
  std::set<std::string> out;
  for (const db::Row row : *rows)
    out.insert(row.get<std::string>("node_id"));
  return out;
}

Result<> delete_node(db::Transaction& tx, std::string_view node_id) {
  auto done = tx.exec("DELETE FROM nodes WHERE node_id = $1", node_id);
  if (!done) return std::unexpected(done.error());
  if (done->affected() == 0) return not_found("node", node_id);
  return {};
}

}  // namespace sluice::store
