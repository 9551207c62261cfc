// Where to connect to, now. Only for dataplane/redis. One worker.
#pragma once

#include "common/io/resolver.h"
#include "dataplane/redis/connection.h"
#include "dataplane/redis/endpoint.h"

namespace sluice::redis {

// Both references must outlive the task.
[[nodiscard]] io::Task<Result<Connection::Address>> find_address(io::Resolver& resolver, const Endpoint& endpoint,
                                                                 SteadyTime deadline);

}  // namespace sluice::redis
