// From demands to what the script is asked, and from its answers to outcomes. Pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/limit/admit_call.h"
#include "dataplane/limit/demand.h"
#include "dataplane/limit/holding.h"

namespace sluice::limit {

[[nodiscard]] std::string user_scope(const Demand& demand);
[[nodiscard]] std::string key_scope(const Demand& demand);
// Those that are looked at.
[[nodiscard]] std::span<const AccountOption> accounts_of(const Demand& demand);

// Where the demand can hold a slot or wait: the scopes with a limit.
[[nodiscard]] std::optional<Place> user_place(const Demand& demand);
[[nodiscard]] std::optional<Place> key_place(const Demand& demand);
[[nodiscard]] std::optional<Place> account_place(const Demand& demand, std::size_t account);
[[nodiscard]] std::vector<Place> all_places(const Demand& demand);

[[nodiscard]] bool waits_for_account(const AdmitOutcome& answer);
// The places of the queues that the answer names.
[[nodiscard]] std::vector<Place> queues_of(const Demand& demand, const AdmitWaiting& waiting);
[[nodiscard]] std::vector<Load> loads_of(const std::vector<CandidateLoad>& loads);
[[nodiscard]] Refused refused_of(const Demand& demand, const AdmitRefused& refused);
[[nodiscard]] Refused accounts_full(const Demand& demand);

// "wallet" for "user:<id>", "key_budget_day" for "key:<id>:day:2026-11-23", "subscription_day" for "sub:...".
[[nodiscard]] std::string_view limit_name_of_purse(std::string_view purse);

}  // namespace sluice::limit
