#include "dataplane/request/local_reply.h"

#include <algorithm>
#include <array>

namespace sluice::request {

namespace {

bool applies_to(const config::v1::LocalReply& rule, const Exchange& exchange) {
  if (!rule.model().empty() && rule.model() != exchange.call.model) return false;
  const auto& groups = rule.group_ids();
  return groups.empty() || std::find(groups.begin(), groups.end(), exchange.caller.group->id) != groups.end();
}

bool matches(const config::v1::LocalReply& rule, std::string_view text) {
  if (!rule.text_equals().empty()) return text == rule.text_equals();
  return !rule.text_contains().empty() && text.find(rule.text_contains()) != std::string_view::npos;
}

}  // namespace

const config::v1::LocalReply* find_local_reply(const Exchange& exchange) {
  if (exchange.endpoint != Endpoint::kMessages) return nullptr;
  std::optional<std::string> text;
  for (const config::v1::LocalReply& rule : exchange.snapshot->settings().local_replies()) {
    if (!applies_to(rule, exchange)) continue;
    if (!text) text = exchange.protocol->last_user_text(exchange.body);
    if (matches(rule, *text)) return &rule;
  }
  return nullptr;
}

io::Task<> reply_locally(Exchange& exchange, const config::v1::LocalReply& rule) {
  exchange.services.metrics.local_replies.Increment();
  const std::string body = exchange.protocol->local_answer(exchange.call, rule.reply(), exchange.id_text);
  const bool stream = exchange.call.stream;
  const std::array<http::Field, 4> fields{
      {{"content-type", stream ? "text/event-stream; charset=utf-8" : "application/json"},
       {"x-sluice-request-id", exchange.id_text},
       {"x-sluice-local-reply", rule.name()},
       {"cache-control", "no-cache"}}};
  Result<> sent;
  if (stream) {
    sent = co_await exchange.client.start_stream(200, fields, body);
    if (sent) sent = co_await exchange.client.end_stream({});
  } else {
    sent = co_await exchange.client.respond(200, fields, body);
  }
  (void)sent;  // a client that left needs no answer
}

}  // namespace sluice::request
