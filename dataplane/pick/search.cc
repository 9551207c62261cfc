#include "dataplane/pick/search.h"

#include <algorithm>

namespace sluice::pick {

namespace {

// Where a number of [0, bound) begins a walk; the bias of the simple way is below 2^-32.
std::size_t random_start(std::mt19937_64& random, std::size_t bound) {
  return bound < 2 ? 0 : static_cast<std::size_t>(random() >> 32) * bound >> 32;
}

bool has_egress(const snapshot::Snapshot& snapshot, const snapshot::AccountEntry& account) {
  return account.egress_proxy_ids.empty() || std::ranges::any_of(account.egress_proxy_ids, [&](const std::string& id) {
           const snapshot::EgressProxyEntry* proxy = snapshot.egress_proxy(id);
           return proxy != nullptr && proxy->active;
         });
}

}  // namespace

Search::Search(const ChooseAsk& ask, const BlockedFn& blocked, const LoadMemory& loads, std::mt19937_64& random,
               Selection& out)
    : ask_(ask),
      want_(std::min(ask.want, kMaxCandidates)),
      blocked_(blocked),
      loads_(loads),
      random_(random),
      out_(out) {}

void Search::run(const Pool& pool) {
  if (pool.size() > 0) {
    look_at_sticky(pool);
    walk_within_bound(pool);
    if (found() == 0) walk_the_rest(pool);
  }
  finish(pool);
}

void Search::look_at_sticky(const Pool& pool) {
  if (ask_.sticky.empty()) return;
  const snapshot::AccountEntry* account = ask_.snapshot.account(ask_.sticky);
  if (account == nullptr || unfit(*account, ask_.provider, ask_.model, pool.route()) != Skip::kNone) return;
  if (std::ranges::find(account->group_ids, ask_.group_id) == account->group_ids.end()) return;
  sticky_ = account;
  look(*account);
}

void Search::walk_within_bound(const Pool& pool) {
  for (std::size_t i = 0; i < pool.tiers() && out_.looks < kMaxLooks && !enough(); ++i) {
    const Pool::Tier tier = pool.tier(i);
    Walk& walk = walks_[begun_++];
    walk = {random_start(random_, tier.size()), 0};
    walk_tier(tier, i + 1 == pool.tiers(), walk);
  }
}

void Search::walk_tier(Pool::Tier tier, bool last, Walk& walk) {
  const std::size_t begin = out_.looks;
  const std::size_t left = kMaxLooks - begin;
  const std::size_t half = (left + 1) / 2;
  const std::size_t before = found();
  const std::size_t reserve = std::min(left / 2, kMaxCandidates);
  while (walk.walked < tier.size() && !enough()) {
    // Without a find the tier may use all but what another tier needs to fill the candidates.
    std::size_t share = left;
    if (!last) share = found() > before ? half : left - reserve;
    if (out_.looks - begin >= share) return;
    const snapshot::AccountEntry& account = *tier[(walk.start + walk.walked++) % tier.size()];
    if (&account != sticky_) look(account);
  }
}

void Search::walk_the_rest(const Pool& pool) {
  for (std::size_t i = 0; i < pool.tiers() && found() == 0; ++i) {
    const Pool::Tier tier = pool.tier(i);
    Walk walk = i < begun_ ? walks_[i] : Walk{random_start(random_, tier.size()), 0};
    while (walk.walked < tier.size() && found() == 0) {
      const snapshot::AccountEntry& account = *tier[(walk.start + walk.walked++) % tier.size()];
      if (&account != sticky_) look(account);
    }
  }
}

void Search::look(const snapshot::AccountEntry& account) {
  ++out_.looks;
  Considered seen{.account = &account};
  Candidate candidate{.account = &account};
  judge(seen, candidate);
  switch (seen.skip) {
    case Skip::kNone:
      free_.add(candidate);
      break;
    case Skip::kFull:
      full_.add(candidate);
      break;
    case Skip::kSoftBlocked:
      soft_.add(candidate);
      break;
    default:
      break;
  }
  note(seen);
}

void Search::judge(Considered& seen, Candidate& candidate) {
  const snapshot::AccountEntry& account = *seen.account;
  if (std::ranges::find(ask_.tried, std::string_view(account.id)) != ask_.tried.end()) {
    any_tried_ = true;
    seen.skip = Skip::kTried;
    return;
  }
  candidate.credential = ask_.snapshot.credential(account.id);
  if (candidate.credential == nullptr) {
    seen.skip = Skip::kNoCredential;
  } else if (candidate.credential->expires_at && *candidate.credential->expires_at <= ask_.now) {
    seen.skip = Skip::kCredentialExpired;
  } else if (!has_egress(ask_.snapshot, account)) {
    seen.skip = Skip::kNoEgress;
  } else if (const auto blocked = blocked_(account, *candidate.credential, ask_.model, ask_.now)) {
    block(seen, *blocked);
  } else {
    seen.load = loads_.load(account.id, ask_.steady);
    // The conversation's own account may be waited for.
    if (&account != sticky_ && is_full(seen.load, account.concurrency)) seen.skip = Skip::kFull;
  }
}

void Search::block(Considered& seen, const Blocked& blocked) {
  seen.skip = blocked.soft ? Skip::kSoftBlocked : Skip::kBlocked;
  seen.blocked = blocked;
  if (blocked.soft) return;
  any_blocked_ = true;
  if (!out_.retry_at || blocked.until < *out_.retry_at) out_.retry_at = blocked.until;
}

void Search::note(const Considered& seen) {
  if (out_.considered_count_ < kMaxConsidered) out_.considered_[out_.considered_count_++] = seen;
}

// Keeps the candidates in order of priority, equals in the order in which they come.
void Search::take(const Candidate& candidate) {
  if (out_.candidate_count_ >= want_) return;
  std::size_t at = out_.candidate_count_++;
  for (; at > 0 && out_.candidates_[at - 1].account->priority > candidate.account->priority; --at)
    out_.candidates_[at] = out_.candidates_[at - 1];
  out_.candidates_[at] = candidate;
}

void Search::finish(const Pool& pool) {
  out_.last_resort = free_.count == 0 && full_.count == 0 && soft_.count > 0;
  // The conversation's own is the first of its shelf, so it is among those that are taken.
  for (const Shelf* shelf : {&free_, &full_, &soft_}) {
    if (shelf == &soft_ && !out_.last_resort) break;
    for (std::size_t i = 0; i < shelf->count; ++i)
      take(shelf->held[i]);
  }
  for (std::size_t i = 0; i < out_.candidate_count_; ++i) {
    if (sticky_ != nullptr && out_.candidates_[i].account == sticky_) out_.sticky = i;
  }
  for (const Pool::Unfit& other : pool.named_unfit())
    note({.account = other.account, .skip = other.skip});
  out_.others = pool.group_size() - std::min(pool.group_size(), out_.considered_count_);
  out_.verdict = out_.candidate_count_ > 0 ? Verdict::kFound
                 : pool.size() == 0        ? Verdict::kNotServed
                 : any_tried_              ? Verdict::kTried
                 : any_blocked_            ? Verdict::kBlocked
                                           : Verdict::kUnusable;
}

}  // namespace sluice::pick
