// The books of one request: INTENT before the first upstream byte, FINAL before the last byte goes to the client.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

// Before every upstream call: INTENT for the first, the new account for later ones. Token counting and the like cost
// nothing and leave no event. 503 if the journal cannot take it.
[[nodiscard]] Step begin_attempt(Exchange& exchange);

// The upstream answered: its status and its own request id go on the event.
void note_upstream(Exchange& exchange, const http::ResponseHead& head);

// The first byte of an answer is about to go to the client.
void note_first_byte(Exchange& exchange);

// What a crash from now on would bill. Written at most once a second.
void note_progress(Exchange& exchange, const protocol::Usage& usage);

// Prices what was seen, writes FINAL and turns the hold into what was spent, once; later calls do nothing. `usage` may
// be null: the upstream said nothing.
void settle(Exchange& exchange, sluice::usage::v1::Outcome outcome, const protocol::Usage* usage);

}  // namespace sluice::request
