#include "tests/integration/limiter/node.h"

namespace sluice::limit {

using sluice::testing::eventually;
using sluice::testing::kGenerous;

Request::Request(std::string id_, Wish wish_) : id(std::move(id_)), wish(std::move(wish_)) {
  demand.request_id = id;
  demand.user = {wish.user, wish.user_concurrency, wish.user_requests, wish.user_tokens};
  demand.key = {wish.key, wish.key_concurrency, 0, 0};
  demand.purses = wish.purses;
  demand.hold_nano = wish.hold_nano;
  demand.tokens = wish.tokens;
  demand.money_needs_redis = wish.money_needs_redis;
  for (const Account& account : wish.accounts)
    demand.accounts.push_back({account.id, account.concurrency, account.priority});
  demand.sticky_key = wish.sticky;
  demand.may_wait = wish.may_wait;
}

Node::Node(const std::string& endpoint, NodeOptions options)
    : options_(std::move(options)), limits_(options_.limits), on_(options_.worker) {
  if (limits_ == nullptr) limits_ = &own_limits_.emplace([this] { return live_nodes.load(); });
  redis::ClientOptions client;
  client.endpoint = redis::parse_endpoint(endpoint).value();
  client.command_limit = options_.command_limit;
  client.connect_limit = std::chrono::seconds(5);
  client.retry_base = std::chrono::milliseconds(10);
  client.retry_cap = std::chrono::milliseconds(100);
  client_ = std::make_unique<redis::Client>(on_.worker(), client, metrics_);
  subscriber_ = std::make_unique<redis::Subscriber>(on_.worker(), client, metrics_);
  LimiterSettings settings;
  settings.node = options_.name;
  settings.lease = options_.lease;
  settings.heartbeat = options_.heartbeat;
  settings.quarantine = options_.quarantine;
  limiter_ = std::make_unique<Limiter>(on_.worker(), *client_, *subscriber_, *limits_, settings, metrics_);
  limiter_->start();
  client_->start();
  subscriber_->start();
  on_.start();
}

Node::~Node() {
  on_.stop();
  limiter_.reset();
  requests_.clear();
}

bool Node::by_share() {
  const std::string gauge = "sluice_limits_local{worker=\"" + std::to_string(options_.worker) + "\"} 1";
  return metrics_.text().find(gauge) != std::string::npos;
}

// A request without limits is let through either way; who decided is in its answer.
bool Node::by_redis() {
  return eventually(kGenerous, [this] {
    const Handle probe = request({.user = "probe", .key = "probe"});
    const bool local = admit(probe).local;
    end(probe);
    return !local;
  });
}

Node::Handle Node::request(Wish wish) {
  auto made = std::make_shared<Request>("r" + std::to_string(++last_request_), std::move(wish));
  on_.call([&] {
    requests_.push_back(made);
    return 0;
  });
  return made;
}

std::future<Outcome> Node::begin_admit(const Handle& request) {
  return on_.begin([this, request] { return limiter_->admit(request->permit, request->demand); });
}

Outcome Node::admit(const Handle& request) {
  return get(begin_admit(request));
}

std::future<WaitResult> Node::begin_wait(const Handle& request, std::chrono::milliseconds limit) {
  return on_.begin([request, limit] { return request->permit.wait_until(std::chrono::steady_clock::now() + limit); });
}

WaitResult Node::wait(const Handle& request, std::chrono::milliseconds limit) {
  return get(begin_wait(request, limit));
}

io::Task<Served> Node::serve_task(Handle request, std::chrono::milliseconds limit) {
  const SteadyTime until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const Outcome outcome = co_await limiter_->admit(request->permit, request->demand);
    if (const auto* granted = std::get_if<Granted>(&outcome.result)) co_return Served{true, granted->account};
    if (const auto* refused = std::get_if<Refused>(&outcome.result)) co_return Served{.refused = *refused};
    if (std::holds_alternative<StickyElsewhere>(outcome.result)) {
      request->demand.sticky_unfit = true;
      continue;
    }
    const WaitResult result = co_await request->permit.wait_until(until);
    if (result.kind == WaitResult::Kind::kGrantedAccount) co_return Served{true, result.account};
    if (result.kind == WaitResult::Kind::kTimeUp) co_return Served{};
  }
}

std::future<Served> Node::begin_serve(const Handle& request, std::chrono::milliseconds limit) {
  return on_.begin([this, request, limit] { return serve_task(request, limit); });
}

Served Node::serve(const Handle& request, std::chrono::milliseconds limit) {
  return get(begin_serve(request, limit));
}

bool Node::extend(const Handle& request, std::int64_t nano) {
  return get(on_.begin([request, nano] { return request->permit.extend(nano); })).has_value();
}

void Node::end(const Handle& request, std::int64_t cost_nano) {
  on_.call([&] {
    if (cost_nano >= 0) request->permit.settle(cost_nano, request->demand.tokens);
    request->permit.release();
    requests_.remove(request);
    return 0;
  });
}

void Node::end_all() {
  on_.call([&] {
    for (const Handle& request : requests_)
      request->permit.release();
    requests_.clear();
    return 0;
  });
}

std::size_t Node::held() {
  return on_.call([this] { return limiter_->held(); });
}

std::size_t Node::waiting() {
  return on_.call([this] { return limiter_->waiting(); });
}

bool granted(const Outcome& outcome) {
  return std::holds_alternative<Granted>(outcome.result);
}

bool queued(const Outcome& outcome) {
  return std::holds_alternative<Waiting>(outcome.result);
}

std::string refused_by(const Outcome& outcome) {
  const auto* refused = std::get_if<Refused>(&outcome.result);
  return refused == nullptr ? "" : std::string(refused->limit_name);
}

int entries(sluice::testing::RedisServer& server, const std::string& key) {
  return std::stoi(server.run("ZCARD sluice:2:{f}:" + key).substr(1));
}

std::int64_t lease_end(sluice::testing::RedisServer& server, const std::string& key, const std::string& member) {
  const std::string script = "\"return math.floor(tonumber(redis.call('ZSCORE',KEYS[1],ARGV[1]) or 0))\"";
  return std::stoll(server.run("EVAL " + script + " 1 sluice:2:{f}:" + key + " " + member).substr(1));
}

std::int64_t purse(sluice::testing::RedisServer& server, const std::string& id, const std::string& field) {
  // As a number: inline replies of texts have two lines.
  const std::string size = server.run("HSTRLEN sluice:2:{f}:purse:" + id + " " + field);
  if (size == ":0") return 0;
  return std::stoll(server.run("HINCRBY sluice:2:{f}:purse:" + id + " " + field + " 0").substr(1));
}

PurseDemand wallet(const std::string& user, std::int64_t balance_nano, std::uint64_t version) {
  return {.id = "user:" + user, .limit_nano = 0, .known_balance_nano = balance_nano, .known_version = version};
}

}  // namespace sluice::limit
