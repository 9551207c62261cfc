// What the node tells the control plane and remembers of its earlier life.
#include <map>

#include "dataplane/bootstrap/node.h"

namespace sluice::bootstrap {

namespace {

std::vector<sync::AccountLoad> account_loads(const limit::NodeLimits& limits) {
  constexpr std::string_view kAccount = "account:";
  std::map<std::string, sync::AccountLoad> loads;
  for (const auto& [scope, held] : limits.share.held_below(kAccount))
    loads[scope].held = held;
  for (const auto& [scope, waiting] : limits.waiting.with_prefix(kAccount))
    loads[scope].waiting = waiting;
  std::vector<sync::AccountLoad> out;
  for (auto& [scope, load] : loads) {
    load.account_id = scope.substr(kAccount.size());
    out.push_back(std::move(load));
  }
  return out;
}

}  // namespace

sync::Report Node::report() const {
  const usage::JournalStats stats = journal_->stats();
  std::uint64_t open = 0;
  for (const auto& worker : workers_)
    open += worker->busy();
  return {.ready = !away() && journal_->writable(),
          .draining = away(),
          .open_streams = open,
          .journal_records = stats.records,
          .journal_oldest_ms = static_cast<std::uint64_t>(stats.oldest.count()),
          .account_slots = account_loads(*limits_)};
}

// What an earlier process finished and the control plane has not acknowledged is still spent.
void Node::remember_unacknowledged() {
  journal_->for_each_unacknowledged([this](const usage::v1::UsageEvent& event) {
    for (const std::string& purse : event.purses())
      limits_->money.recovered(purse, event.cost_nano_usd());
  });
}

void Node::report_health(const pick::HealthNews& news) {
  sync::Client* const sync = live_sync_.load();
  if (sync == nullptr) return;
  config::v1::AccountHealth health;
  health.set_account_id(news.account_id);
  health.set_reason(news.block.reason);
  health.set_model(news.model);
  const auto until = std::chrono::floor<std::chrono::seconds>(news.block.until);
  health.mutable_until()->set_seconds(until.time_since_epoch().count());
  health.set_upstream_status(news.status);
  health.set_detail(news.detail);
  sync->report_health(std::move(health));
}

void Node::report_credential(const std::string& account_id, std::uint64_t revision, unsigned status) {
  sync::Client* const sync = live_sync_.load();
  if (sync == nullptr) return;
  config::v1::CredentialReport report;
  report.set_account_id(account_id);
  report.set_revision(revision);
  report.set_upstream_status(status);
  sync->report_credential(std::move(report));
}

std::string Node::find_decision(std::string_view request_id) const {
  for (const auto& worker : workers_) {
    if (const auto decision = worker->find_decision(request_id)) return to_proto(*decision).SerializeAsString();
  }
  return {};
}

}  // namespace sluice::bootstrap
