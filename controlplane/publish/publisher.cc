#include "controlplane/publish/publisher.h"

#include <boost/json.hpp>

#include "common/observe/log.h"
#include "common/resource/validate.h"
#include "controlplane/db/transaction.h"
#include "controlplane/publish/row_loader.h"
#include "controlplane/store/change_log.h"
#include "controlplane/store/nodes.h"

namespace sluice::publish {

using observe::Level;

namespace {

constexpr std::size_t kMostUnsaved = 10'000;
constexpr std::chrono::milliseconds kConnectionWait{2'000};

std::string rejections_json(const std::vector<config::v1::Rejection>& rejections) {
  boost::json::array out;
  for (const config::v1::Rejection& rejection : rejections) {
    out.push_back({{"kind", resource::name(rejection.kind())},
                   {"id", rejection.id()},
                   {"revision", rejection.revision()},
                   {"reason", rejection.reason()}});
  }
  return boost::json::serialize(out);
}

// One of its numbers by account, without zeros.
std::string slots_json(const config::v1::NodeStatus& status,
                       std::uint32_t (config::v1::AccountSlots::*number)() const) {
  boost::json::object out;
  for (const config::v1::AccountSlots& slots : status.account_slots()) {
    if ((slots.*number)() > 0) out[slots.account_id()] = (slots.*number)();
  }
  return boost::json::serialize(out);
}

store::Node row_of(const NodeView& view, SystemTime now) {
  return {.node_id = view.node_id,
          .boot_id = view.boot_id,
          .build = view.build,
          .version_epoch = view.have.epoch(),
          .version_number = static_cast<std::int64_t>(view.have.number()),
          .ready = view.status.ready(),
          .draining = view.status.draining(),
          .open_streams = static_cast<std::int64_t>(view.status.open_streams()),
          .journal_records = static_cast<std::int64_t>(view.status.journal_records()),
          .journal_oldest_ms = static_cast<std::int64_t>(view.status.journal_oldest_ms()),
          .rejections = rejections_json(view.rejected),
          .account_slots = slots_json(view.status, &config::v1::AccountSlots::held),
          .account_waiting = slots_json(view.status, &config::v1::AccountSlots::waiting),
          .last_seen = now,
          .first_seen = now};
}

}  // namespace

Publisher::Publisher(PublisherOptions options, db::Pool& pool, const crypto::Vault& vault, ConfigServiceImpl& service,
                     const Clock& clock)
    : listener_(std::move(options.conninfo), {std::string(store::kConfigChannel)}),
      poll_(options.poll),
      pool_(pool),
      vault_(vault),
      service_(service),
      clock_(clock),
      thread_([this] { run(); }) {}

Publisher::~Publisher() {
  stopping_ = true;
  listener_.interrupt();
  thread_.join();
}

void Publisher::run() {
  look();
  while (!stopping_) {
    (void)listener_.wait(poll_);
    if (stopping_) break;
    look();
    save_nodes();
    order_drains();
  }
}

// What people want of nodes is a state in the database, so that each replica tells the nodes that it has.
void Publisher::order_drains() {
  if (failing_) return;
  Result<std::set<std::string>> wanted =
      db::in_transaction(pool_, [](db::Transaction& tx) { return store::nodes_to_drain(tx); });
  if (wanted) service_.with_fleet([&](Fleet& fleet) { fleet.set_drains(std::move(*wanted)); });
}

void Publisher::look() {
  const Result<> loaded = load();
  if (!loaded) {
    ++failures_;
    if (!failing_) {
      observe::log(Level::kError, "config_cannot_be_read",
                   {{"reason", loaded.error().message}, {"version", number_.load()}});
    }
  } else if (failing_) {
    observe::log(Level::kInfo, "config_can_be_read_again", {{"version", number_.load()}});
  }
  failing_ = !loaded;
}

Result<> Publisher::load() {
  Result<db::Pool::Lease> lease = pool_.acquire(kConnectionWait);
  if (!lease) return std::unexpected(lease.error());
  Result<db::Transaction> tx = db::Transaction::begin(**lease, db::Isolation::kRepeatableRead);
  if (!tx) return std::unexpected(tx.error());
  const Result<store::ConfigVersion> version = store::current_version(*tx);
  if (!version) return std::unexpected(version.error());
  if (ready_ && version->epoch == epoch_ && static_cast<std::uint64_t>(version->number) == number_) return {};
  return version->epoch == epoch_ ? load_changes(*tx, *version) : load_everything(*tx, *version);
}

Result<> Publisher::load_everything(db::Transaction& tx, const store::ConfigVersion& version) {
  Result<std::vector<config::v1::Resource>> all = load_all(tx, vault_, clock_.now());
  if (!all) return std::unexpected(all.error());
  // What changed lately, so that a node that saw an earlier process needs only that.
  const std::int64_t since = std::max<std::int64_t>(0, version.number - static_cast<std::int64_t>(Book::kHistory));
  const Result<store::Changes> changes = store::changes_since(tx, since, static_cast<int>(Book::kHistory));
  if (!changes) return std::unexpected(changes.error());
  std::deque<Touch> history;
  for (const store::Change& change : changes->rows) {
    history.push_back({.number = static_cast<std::uint64_t>(change.number),
                       .key = {change.kind, change.object_id},
                       .revision = static_cast<std::uint64_t>(change.revision),
                       .at = clock_.steady()});
  }
  const std::size_t count = all->size();
  const auto number = static_cast<std::uint64_t>(version.number);
  service_.with_fleet(
      [&](Fleet& fleet) { fleet.reset(version.epoch, number, std::move(*all), std::move(history), clock_.steady()); });
  epoch_ = version.epoch;
  number_ = number;
  ready_ = true;
  observe::log(
      Level::kInfo, "config_loaded",
      {{"epoch", epoch_}, {"version", number}, {"resources", count}, {"recent_changes", changes->rows.size()}});
  return {};
}

Result<> Publisher::load_changes(db::Transaction& tx, const store::ConfigVersion& version) {
  const auto held = static_cast<std::int64_t>(number_.load());
  const Result<store::Changes> changes = store::changes_since(tx, held, static_cast<int>(Book::kHistory));
  if (!changes) return std::unexpected(changes.error());
  const bool whole = changes->complete && !changes->rows.empty() && changes->rows.back().number == version.number;
  if (!whole) return load_everything(tx, version);
  Result<std::vector<config::v1::Resource>> changed = load_changed(tx, vault_, changes->rows, clock_.now());
  if (!changed) return std::unexpected(changed.error());
  const auto number = static_cast<std::uint64_t>(version.number);
  service_.with_fleet([&](Fleet& fleet) { fleet.change(number, std::move(*changed), clock_.steady()); });
  number_ = number;
  return {};
}

void Publisher::save_nodes() {
  for (NodeView& view : service_.with_fleet([&](Fleet& fleet) { return fleet.take_views(clock_.steady()); })) {
    unsaved_.push_back(std::move(view));
  }
  while (unsaved_.size() > kMostUnsaved)
    unsaved_.pop_front();
  if (unsaved_.empty() || failing_) return;
  const Result<> saved = db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<> {
    for (const NodeView& view : unsaved_) {
      if (Result<> put = store::put_node(tx, row_of(view, clock_.now())); !put) return put;
    }
    return {};
  });
  if (saved) {
    unsaved_.clear();
  } else {
    observe::log(Level::kWarn, "node_status_not_saved", {{"reason", saved.error().message}});
    if (saved.error().code == ErrorCode::kInvalidArgument) unsaved_.clear();
  }
}

}  // namespace sluice::publish
