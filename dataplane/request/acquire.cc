#include "dataplane/request/acquire.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/provider/registry.h"
#include "dataplane/request/admit.h"
#include "dataplane/request/renewal.h"

namespace sluice::request {

namespace {

using std::chrono::milliseconds;
using WaitKind = limit::WaitResult::Kind;

// Where a group has more accounts than one call looks at: so many calls without queueing before the request queues.
constexpr int kSamples = 3;
constexpr milliseconds kStickyWait{2'000};

std::unexpected<protocol::ApiError> refuse(unsigned status, std::string message,
                                           std::optional<unsigned> retry_after = std::nullopt) {
  return std::unexpected(
      protocol::ApiError{.status = status, .message = std::move(message), .retry_after = retry_after});
}

milliseconds or_default(std::uint32_t ms, milliseconds otherwise) {
  return ms != 0 ? milliseconds(ms) : otherwise;
}

// One request's way to an account.
class Acquisition {
 public:
  explicit Acquisition(Exchange& exchange);
  io::Task<Step> run();

 private:
  [[nodiscard]] bool choose();
  [[nodiscard]] Step nobody() const;
  void list_accounts();
  // What came of one answer: an end, or nothing yet.
  io::Task<std::optional<Step>> follow(limit::Outcome outcome);
  io::Task<std::optional<Step>> wait(limit::Waiting waiting);
  [[nodiscard]] std::optional<Step> refused(const limit::Refused& refused);
  [[nodiscard]] std::optional<Step> granted(std::size_t account, std::string_view by);
  void look_elsewhere(const limit::StickyElsewhere& elsewhere);
  void note_loads(const std::vector<limit::Load>& loads);
  [[nodiscard]] SteadyTime now() const { return exchange_.services.clock.steady(); }

  Exchange& exchange_;
  limit::Demand demand_;
  std::string sticky_account_;
  pick::Selection selection_;
  SteadyTime wait_limit_;
  int samples_ = 0;
};

Acquisition::Acquisition(Exchange& exchange) : exchange_(exchange), demand_(demand_of(exchange)) {
  const config::v1::Settings& settings = exchange.snapshot->settings();
  demand_.sticky_key = pick::sticky_key(exchange.caller.user->id, exchange.caller.group->id, exchange.call.session,
                                        exchange.call.prefix);
  if (!demand_.sticky_key.empty()) {
    sticky_account_ = exchange.services.conversations.find(demand_.sticky_key, now());
  }
  wait_limit_ = std::min(exchange.commit_deadline, now() + or_default(settings.waiting().limit_ms(), kLongestWait));
}

bool Acquisition::choose() {
  selection_ = exchange_.services.chooser.choose({.snapshot = *exchange_.snapshot,
                                                  .group_id = exchange_.caller.group->id,
                                                  .provider = exchange_.price->provider,
                                                  .model = exchange_.call.model,
                                                  .sticky = sticky_account_,
                                                  .tried = exchange_.tried,
                                                  .now = exchange_.services.clock.now(),
                                                  .steady = now()});
  exchange_.decision->considered(selection_);
  return selection_.verdict == pick::Verdict::kFound;
}

Step Acquisition::nobody() const {
  switch (selection_.verdict) {
    case pick::Verdict::kNotServed:
      return refuse(404, fmt::format("model: no account of your group serves {}", exchange_.call.model));
    case pick::Verdict::kBlocked: {
      const auto until = selection_.retry_at.value_or(exchange_.services.clock.now()) - exchange_.services.clock.now();
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(until).count();
      return refuse(
          529, fmt::format("every upstream account that serves {} is rate-limited or paused", exchange_.call.model),
          static_cast<unsigned>(std::clamp<std::int64_t>(seconds, 1, 3600)));
    }
    default:
      return refuse(503, fmt::format("no upstream account can serve {} at present", exchange_.call.model), 30);
  }
}

void Acquisition::list_accounts() {
  demand_.accounts.clear();
  for (const pick::Candidate& candidate : selection_.candidates()) {
    const snapshot::AccountEntry& account = *candidate.account;
    demand_.accounts.push_back({account.id, account.concurrency, account.priority, account.weight});
  }
}

void Acquisition::note_loads(const std::vector<limit::Load>& loads) {
  const auto candidates = selection_.candidates();
  for (std::size_t i = 0; i < loads.size() && i < candidates.size(); ++i) {
    const std::string& id = candidates[i].account->id;
    exchange_.decision->load(id, loads[i].running, loads[i].waiting);
    exchange_.services.chooser.loads().saw(id, loads[i].running, loads[i].waiting, now());
  }
}

std::optional<Step> Acquisition::granted(std::size_t account, std::string_view by) {
  exchange_.candidate = selection_.candidates()[account];
  exchange_.chosen_by = by;
  exchange_.provider = provider::find(exchange_.candidate.account->provider);
  if (exchange_.provider == nullptr) return refuse(503, "this build does not know the account's provider", 30);
  const std::string& id = exchange_.candidate.account->id;
  exchange_.services.chooser.loads().granted(id, now());
  if (!demand_.sticky_key.empty()) {
    exchange_.services.conversations.bind(demand_.sticky_key, id, demand_.sticky_ttl, now());
  }
  return Step{};
}

// The first samples of a large group do not queue: others may be free.
std::optional<Step> Acquisition::refused(const limit::Refused& refused) {
  const bool only_sampling = !demand_.may_wait;
  if (only_sampling && refused.kind == limit::Refused::Kind::kAccountsFull) return std::nullopt;
  if (only_sampling && refused.kind == limit::Refused::Kind::kSlots) {
    samples_ = kSamples;
    return std::nullopt;
  }
  exchange_.refused_by = refused.limit_name;
  return std::unexpected(explain(refused));
}

// The conversation's account is another one than this worker remembered, or knew of.
void Acquisition::look_elsewhere(const limit::StickyElsewhere& elsewhere) {
  sticky_account_ = elsewhere.account_id;
  const bool found = choose() && selection_.sticky.has_value();
  demand_.sticky_unfit = !found;
}

io::Task<std::optional<Step>> Acquisition::wait(limit::Waiting waiting) {
  constexpr std::string_view kScopes[] = {"user", "key", "account", "sticky_account"};
  const bool sticky = waiting.scope == limit::Waiting::For::kStickyAccount;
  const auto own_wait = or_default(exchange_.snapshot->settings().stickiness().wait_ms(), kStickyWait);
  const SteadyTime until = sticky ? std::min(wait_limit_, now() + own_wait) : wait_limit_;
  exchange_.decision->wait_started(kScopes[static_cast<std::size_t>(waiting.scope)], now());
  const limit::WaitResult result = co_await exchange_.permit.wait_until(until);
  const bool left = exchange_.client_gone || exchange_.ended_by_gateway;
  const bool granted_something = result.kind == WaitKind::kGrantedAccount || result.kind == WaitKind::kGrantedScope;
  exchange_.decision->wait_ended(granted_something ? "granted" : left ? "left" : sticky ? "yielded" : "timeout", now());
  if (left) co_return refuse(503, "the gateway is restarting; try again", 1);
  if (result.kind == WaitKind::kGrantedAccount) co_return granted(result.account, "queue");
  if (result.kind == WaitKind::kTimeUp) {
    if (!sticky || now() >= wait_limit_) {
      exchange_.refused_by = "wait";
      co_return refuse(sticky || waiting.scope == limit::Waiting::For::kAccount ? 529 : 429,
                       "waited too long for a free slot; try again shortly", 5);
    }
    exchange_.permit.yield_sticky();
  }
  co_return std::nullopt;
}

io::Task<std::optional<Step>> Acquisition::follow(limit::Outcome outcome) {
  note_loads(outcome.loads);
  if (const auto* grant = std::get_if<limit::Granted>(&outcome.result)) {
    co_return granted(grant->account, limit::name(grant->by));
  }
  if (const auto* no = std::get_if<limit::Refused>(&outcome.result)) co_return refused(*no);
  if (const auto* elsewhere = std::get_if<limit::StickyElsewhere>(&outcome.result)) {
    look_elsewhere(*elsewhere);
    co_return std::nullopt;
  }
  std::optional<Step> end = co_await wait(std::get<limit::Waiting>(outcome.result));
  co_return end;
}

io::Task<Step> Acquisition::run() {
  for (;;) {
    const bool found = choose();
    if (!found) {
      const bool renewed = co_await wait_for_renewal(exchange_);
      if (renewed) continue;
      co_return nobody();
    }
    // A full sample of a group that has more accounts is no reason to queue yet.
    demand_.may_wait = selection_.others == 0 || ++samples_ >= kSamples;
    list_accounts();
    limit::Outcome outcome = co_await exchange_.services.limiter.admit(exchange_.permit, demand_);
    if (exchange_.client_gone || exchange_.ended_by_gateway) co_return refuse(503, "the request has ended", 1);
    const std::optional<Step> end = co_await follow(std::move(outcome));
    if (end) co_return *end;
  }
}

// Token counting needs an account, and nothing else.
Step choose_unlimited(Exchange& exchange) {
  const pick::Selection selection = exchange.services.chooser.choose({.snapshot = *exchange.snapshot,
                                                                      .group_id = exchange.caller.group->id,
                                                                      .provider = exchange.price->provider,
                                                                      .model = exchange.call.model,
                                                                      .sticky = {},
                                                                      .tried = exchange.tried,
                                                                      .want = 1,
                                                                      .now = exchange.services.clock.now(),
                                                                      .steady = exchange.services.clock.steady()});
  exchange.decision->considered(selection);
  if (selection.candidates().empty()) {
    return refuse(503, fmt::format("no upstream account can serve {} at present", exchange.call.model), 30);
  }
  exchange.candidate = selection.candidates().front();
  exchange.chosen_by = "unlimited";
  exchange.provider = provider::find(exchange.candidate.account->provider);
  if (exchange.provider == nullptr) return refuse(503, "this build does not know the account's provider", 30);
  return {};
}

}  // namespace

io::Task<Step> acquire(Exchange& exchange) {
  if (exchange.endpoint == Endpoint::kCountTokens) co_return choose_unlimited(exchange);
  Acquisition acquisition(exchange);
  Step step = co_await acquisition.run();
  // Granted to a request that had ended meanwhile: nobody else knows of this account.
  if (!step) exchange.permit.release_account();
  co_return step;
}

}  // namespace sluice::request
