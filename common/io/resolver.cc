#include "common/io/resolver.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <unordered_map>

#include "common/io/event.h"

namespace sluice::io {

namespace {

using Addresses = std::vector<boost::asio::ip::address>;
using SystemResolver = boost::asio::ip::basic_resolver<boost::asio::ip::tcp, Executor>;

constexpr std::size_t kMaxNames = 1024;

struct Name {
  explicit Name(Worker& worker) : answered(worker) {}
  Event answered;
  bool asking = false;
  Addresses addresses;  // the last good answer
  SteadyTime since;
  std::string failure;  // of the last question
};

}  // namespace

struct Resolver::State {
  explicit State(Worker& owner) : worker(owner), system(owner.context().get_executor()) {}

  std::shared_ptr<Name> name_of(const std::string& host) {
    const auto found = names.find(host);
    if (found != names.end()) return found->second;
    if (names.size() >= kMaxNames) std::erase_if(names, [](const auto& entry) { return !entry.second->asking; });
    return names.emplace(host, std::make_shared<Name>(worker)).first->second;
  }
  static Task<> ask(std::shared_ptr<State> self, std::shared_ptr<Name> name, std::string host);

  Worker& worker;
  SystemResolver system;
  std::unordered_map<std::string, std::shared_ptr<Name>> names;
};

Task<> Resolver::State::ask(std::shared_ptr<State> self, std::shared_ptr<Name> name, std::string host) {
  auto answer = co_await self->system.async_resolve(host, "", boost::asio::as_tuple(boost::asio::deferred));
  const boost::system::error_code& error = std::get<0>(answer);
  name->asking = false;
  if (error) {
    name->failure = error.message();
  } else {
    name->failure.clear();
    name->addresses.clear();
    for (const auto& entry : std::get<1>(answer))
      name->addresses.push_back(entry.endpoint().address());
    name->since = self->worker.clock().steady();
  }
  name->answered.set();
}

Resolver::Resolver(Worker& worker) : state_(std::make_shared<State>(worker)) {}

Task<Result<Addresses>> Resolver::resolve(std::string host, SteadyTime deadline) {
  boost::system::error_code not_numeric;
  const boost::asio::ip::address numeric = boost::asio::ip::make_address(host, not_numeric);
  if (!not_numeric) co_return Addresses(1, numeric);

  Worker& worker = state_->worker;
  const std::shared_ptr<Name> name = state_->name_of(host);
  const SteadyTime now = worker.clock().steady();
  if (!name->addresses.empty() && now - name->since < kFresh) co_return name->addresses;
  if (!name->asking) {
    name->asking = true;
    name->answered.reset();
    worker.spawn_background(State::ask(state_, name, host));
  }
  const bool have_older = !name->addresses.empty() && now - name->since < kKept;
  const SteadyTime until = have_older ? std::min(deadline, now + kPatience) : deadline;
  const bool answered = co_await name->answered.wait_until(until);
  if (have_older || (answered && !name->addresses.empty() && name->failure.empty())) co_return name->addresses;
  if (!answered) co_return fail(ErrorCode::kDeadlineExceeded, fmt::format("resolving '{}' took too long", host));
  co_return fail(ErrorCode::kUnavailable, fmt::format("cannot resolve '{}': {}", host, name->failure));
}

}  // namespace sluice::io
