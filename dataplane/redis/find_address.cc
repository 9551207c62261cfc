#include "dataplane/redis/find_address.h"

#include "common/base/random.h"

namespace sluice::redis {

io::Task<Result<Connection::Address>> find_address(io::Resolver& resolver, const Endpoint& endpoint,
                                                   SteadyTime deadline) {
  if (!endpoint.unix_path.empty()) {
    co_return Connection::Address{.unix_path = endpoint.unix_path, .ip = {}, .port = 0};
  }
  const auto addresses = co_await resolver.resolve(endpoint.host, deadline);
  if (!addresses) co_return std::unexpected(addresses.error());
  // A name may have an address on which nothing listens: the next try takes another one.
  const auto& chosen = addresses->at(random_below(addresses->size()));
  co_return Connection::Address{.unix_path = {}, .ip = chosen.to_string(), .port = endpoint.port};
}

}  // namespace sluice::redis
