#include "controlplane/live/overview.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <string>

#include "controlplane/live/words.h"
#include "controlplane/store/change_log.h"
#include "controlplane/store/nodes.h"

namespace sluice::live {

namespace v1 = admin::v1;

namespace {

// Three and a half of a node's heartbeats.
constexpr std::chrono::seconds kConnected{35};

struct Load {
  std::int64_t held = 0;
  std::int64_t waiting = 0;
};
using Loads = std::map<std::string, Load>;

void add(const std::string& json, std::int64_t Load::* number, Loads& loads) {
  boost::json::error_code error;
  const boost::json::value by_account = boost::json::parse(json, error);
  if (error || !by_account.is_object()) return;
  for (const auto& [account_id, value] : by_account.get_object()) {
    if (value.is_int64()) loads[std::string(account_id)].*number += value.get_int64();
  }
}

v1::LiveNode to_message(const store::Node& row, const store::ConfigVersion& version, SystemTime now) {
  v1::LiveNode node;
  node.set_id(row.node_id);
  node.set_build(row.build);
  node.set_versions_behind(row.version_epoch == version.epoch
                               ? std::max<std::int64_t>(0, version.number - row.version_number)
                               : version.number);
  node.set_connected(now - row.last_seen < kConnected);
  node.set_ready(node.connected() && row.ready);
  node.set_draining(row.draining);
  node.set_drain_wanted(row.drain_wanted);
  node.set_open_streams(node.connected() ? row.open_streams : 0);
  node.set_journal_records(row.journal_records);
  node.set_journal_oldest_ms(row.journal_oldest_ms);
  *node.mutable_last_seen_at() = to_timestamp(row.last_seen);
  return node;
}

Result<Loads> load_nodes(db::Transaction& tx, SystemTime now, v1::Overview& into) {
  const auto version = store::current_version(tx);
  if (!version) return std::unexpected(version.error());
  const auto nodes = store::list_nodes(tx);
  if (!nodes) return std::unexpected(nodes.error());
  Loads loads;
  for (const store::Node& row : *nodes) {
    *into.add_nodes() = to_message(row, *version, now);
    // One that is gone holds nothing: its leases have run out.
    if (now - row.last_seen >= kConnected) continue;
    add(row.account_slots, &Load::held, loads);
    add(row.account_waiting, &Load::waiting, loads);
  }
  return loads;
}

Result<> load_accounts(db::Transaction& tx, const Loads& loads, v1::Overview& into) {
  const auto rows = tx.exec(
      "SELECT id::text AS id, name, status, concurrency FROM accounts WHERE status <> 'deleted' ORDER BY name, id");
  if (!rows) return std::unexpected(rows.error());
  for (const db::Row row : *rows) {
    v1::LiveAccount& account = *into.add_accounts();
    account.set_id(row.get<std::string>("id"));
    account.set_name(row.get<std::string>("name"));
    account.set_status(row.get<std::string>("status"));
    account.set_slots(row.get<std::int32_t>("concurrency"));
    const auto load = loads.find(account.id());
    if (load == loads.end()) continue;
    account.set_slots_in_use(static_cast<std::int32_t>(load->second.held));
    account.set_waiting(static_cast<std::int32_t>(load->second.waiting));
  }
  return {};
}

Result<> load_blocks(db::Transaction& tx, SystemTime now, v1::Overview& into) {
  const auto rows = tx.exec(
      "SELECT account_id::text AS account_id, model, reason, until FROM account_health WHERE until > $1 "
      "ORDER BY account_id, model, reason",
      now);
  if (!rows) return std::unexpected(rows.error());
  std::map<std::string, v1::LiveAccount*> accounts;
  for (v1::LiveAccount& account : *into.mutable_accounts())
    accounts.emplace(account.id(), &account);
  for (const db::Row row : *rows) {
    const auto account = accounts.find(row.get<std::string>("account_id"));
    if (account == accounts.end()) continue;
    v1::LiveBlock& block = *account->second->add_blocks();
    block.set_model(row.get<std::string>("model"));
    block.set_reason(std::string(block_word(row.get<std::int32_t>("reason"))));
    *block.mutable_until() = to_timestamp(row.get<SystemTime>("until"));
  }
  return {};
}

}  // namespace

Result<v1::Overview> load_overview(db::Transaction& tx, SystemTime now) {
  v1::Overview overview;
  const Result<Loads> loads = load_nodes(tx, now, overview);
  if (!loads) return std::unexpected(loads.error());
  if (Result<> loaded = load_accounts(tx, *loads, overview); !loaded) return std::unexpected(loaded.error());
  if (Result<> loaded = load_blocks(tx, now, overview); !loaded) return std::unexpected(loaded.error());
  return overview;
}

}  // namespace sluice::live
