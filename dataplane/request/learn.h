// What upstream calls teach: the account's health for later choices, and this request's decision record.
#pragma once

#include "dataplane/request/exchange.h"
#include "dataplane/request/failure.h"
#include "dataplane/request/stream_engine.h"

namespace sluice::request {

// The upstream answered with an error status. True if a pause rule of the account matched: whatever the status, the
// operator says that it is the account.
bool learn_from_error(Exchange& exchange, const http::ResponseHead& head, std::string_view body);
// It reported an error inside of a stream, before any content.
void learn_from_error_event(Exchange& exchange, const protocol::UpstreamError& error);
// A whole answer came.
void learn_success(Exchange& exchange, const http::ResponseHead& head);
// A stream has ended, in whatever way, after its first content.
void learn_stream_end(Exchange& exchange, const http::ResponseHead& head, const StreamEngine::End& end);

// The call is over: null if the client has its answer. What its status did not teach is learned from the failure.
void learn_attempt(Exchange& exchange, const Failure* failure);

// The request is over: its decision record is closed, kept in the ring, and, if it failed or is in the sample, written
// to the journal.
void close_decision(Exchange& exchange);

}  // namespace sluice::request
