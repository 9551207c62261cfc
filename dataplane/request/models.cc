#include "dataplane/request/models.h"

#include <algorithm>

#include "dataplane/protocol/anthropic/model_list.h"
#include "dataplane/request/reply.h"

namespace sluice::request {

namespace {

// A model is listed if the key may use it, it has a price, and some active account of the group serves it.
std::vector<protocol::anthropic::ModelInfo> usable_models(const Exchange& exchange) {
  const auto accounts = exchange.snapshot->accounts_of_group(exchange.caller.group->id);
  std::vector<protocol::anthropic::ModelInfo> models;
  for (const snapshot::PriceEntry* price : exchange.snapshot->models(exchange.arrived)) {
    const bool served = std::ranges::any_of(accounts, [price](const snapshot::AccountEntry* account) {
      return account->active && account->provider == price->provider && account->serves(price->model);
    });
    if (served && exchange.caller.key->permits(price->model))
      models.push_back({price->model, price->display_name, price->effective_at});
  }
  return models;
}

}  // namespace

io::Task<> reply_models(Exchange& exchange) {
  const auto page = protocol::anthropic::read_model_page(exchange.client.head().query);
  if (!page) {
    co_await reply_error(exchange, {.status = 400, .message = page.error().message});
    co_return;
  }
  const std::string body = protocol::anthropic::model_list(usable_models(exchange), *page);
  const std::array<http::Field, 2> fields{
      {{"content-type", "application/json"}, {"x-sluice-request-id", exchange.id_text}}};
  const Result<> sent = co_await exchange.client.respond(200, fields, body);
  (void)sent;  // a client that left needs no answer
}

}  // namespace sluice::request
