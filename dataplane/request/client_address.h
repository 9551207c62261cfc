// Where a client comes from: the peer of its connection, or what proxies in front of the node say of it, as far as they
// are trusted. Pure function, any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "common/base/network.h"
#include "common/http/head.h"

namespace sluice::request {

// nullopt if it cannot be known: a trusted proxy did not say, or said nonsense. x-forwarded-for is read from the right,
// where trusted proxies wrote; what stands further left is the client's own invention.
[[nodiscard]] std::optional<Address> client_address(std::string_view peer, std::span<const http::Field> fields,
                                                    std::span<const Network> trusted);

}  // namespace sluice::request
