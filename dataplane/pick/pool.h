// The accounts of one group that are fit to serve one model of one provider, in tiers of equal priority. Fit by what
// the config says; credentials and health change too often and are looked at with each choice. Immutable.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/snapshot/snapshot.h"

namespace sluice::pick {

// Why an account was passed over. The order is that of the texts in candidates.cc.
enum class Skip : std::uint8_t {
  kNone,  // a candidate
  kInactive,
  kOtherProvider,
  kModelNotServed,
  kNotRouted,  // the group keeps the model to other accounts
  kNoCredential,
  kCredentialExpired,
  kNoEgress,  // it names proxies, and none of them is active: direct is never a fallback
  kTried,
  kBlocked,      // for a known time; never taken
  kSoftBlocked,  // may come back any moment; taken only where nothing better was found
  kFull,         // known to be full; others were taken
};

// "model_not_served" and so on, as decision records name them; empty for kNone.
[[nodiscard]] std::string_view name(Skip skip);

// Both lists empty: every model. `model` empty: any model.
[[nodiscard]] bool serves(const snapshot::AccountEntry& account, std::string_view model);

// What the upstream is asked for; empty: the client's own name for it.
[[nodiscard]] std::string_view upstream_model(const snapshot::AccountEntry& account, std::string_view model);

// kNone if the config lets it serve the model: kInactive, kOtherProvider, kModelNotServed, kNotRouted otherwise.
// `route`: the group's for the model, or null.
[[nodiscard]] Skip unfit(const snapshot::AccountEntry& account, std::string_view provider, std::string_view model,
                         const snapshot::ModelRoute* route);

class Pool {
 public:
  struct Unfit {
    const snapshot::AccountEntry* account = nullptr;
    Skip skip = Skip::kNone;
  };
  // So many accounts that are not fit are remembered by name, for decision records.
  static constexpr std::size_t kNamedUnfit = 32;

  // `accounts` by priority, as Snapshot::accounts_of_group() gives them; `route` as above. The entries and the route
  // must outlive the pool's use.
  Pool(std::span<const snapshot::AccountEntry* const> accounts, std::string_view provider, std::string_view model,
       const snapshot::ModelRoute* route = nullptr);

  using Tier = std::span<const snapshot::AccountEntry* const>;
  // Lowest priority number first; a tier is never empty.
  [[nodiscard]] std::size_t tiers() const { return ends_.size(); }
  [[nodiscard]] Tier tier(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return Tier(fit_).subspan(begin, ends_[index] - begin);
  }
  [[nodiscard]] std::size_t size() const { return fit_.size(); }
  [[nodiscard]] const snapshot::ModelRoute* route() const { return route_; }
  // All accounts of the group, those that are not fit included.
  [[nodiscard]] std::size_t group_size() const { return group_size_; }
  [[nodiscard]] std::span<const Unfit> named_unfit() const { return unfit_; }

 private:
  std::vector<const snapshot::AccountEntry*> fit_;
  std::vector<std::size_t> ends_;  // of the tiers in fit_
  std::vector<Unfit> unfit_;
  std::size_t group_size_ = 0;
  const snapshot::ModelRoute* route_ = nullptr;
};

}  // namespace sluice::pick
