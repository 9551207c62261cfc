// Answers that the gateway gives itself, by an operator's rule (Settings.local_replies): no upstream, no bill.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// The first rule that the call matches; null if none does.
[[nodiscard]] const config::v1::LocalReply* find_local_reply(const Exchange& exchange);

[[nodiscard]] io::Task<> reply_locally(Exchange& exchange, const config::v1::LocalReply& rule);

}  // namespace sluice::request
