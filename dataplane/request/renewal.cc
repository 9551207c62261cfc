#include "dataplane/request/renewal.h"

#include <algorithm>

namespace sluice::request {

namespace {

constexpr std::chrono::seconds kLongestRenewal{5};

bool is_renewed(const Exchange& exchange) {
  const snapshot::CredentialEntry* now =
      exchange.services.snapshots.current()->credential(exchange.refused_credential->account_id);
  return now != nullptr && now->revision > exchange.refused_credential->revision;
}

}  // namespace

io::Task<bool> wait_for_renewal(Exchange& exchange) {
  if (!exchange.refused_credential || exchange.earlier != nullptr) co_return false;
  const SteadyTime until = std::min(exchange.commit_deadline, exchange.services.clock.steady() + kLongestRenewal);
  while (!is_renewed(exchange)) {
    if (exchange.client_gone || exchange.ended_by_gateway) co_return false;
    const bool changed = co_await exchange.services.snapshots.wait_for_change(until);
    if (!changed) co_return false;
  }
  exchange.earlier = std::move(exchange.snapshot);
  exchange.snapshot = exchange.services.snapshots.current();
  std::erase(exchange.tried, std::string_view(exchange.refused_credential->account_id));
  exchange.refused_credential.reset();
  co_return true;
}

}  // namespace sluice::request
