#include "dataplane/request/models.h"

#include <algorithm>

#include "dataplane/pick/pool.h"
#include "dataplane/protocol/anthropic/model_list.h"
#include "dataplane/request/reply.h"

namespace sluice::request {

namespace {

bool is_served(const snapshot::GroupAccounts& group, const snapshot::PriceEntry& price) {
  const snapshot::ModelRoute* route = group.route(price.model);
  return std::ranges::any_of(group.accounts, [&](const snapshot::AccountEntry* account) {
    return pick::unfit(*account, price.provider, price.model, route) == pick::Skip::kNone;
  });
}

// A model is listed if the key may use it, it has a price, and some active account of the group serves it; an alias
// of the group if that holds for what it stands for.
std::vector<protocol::anthropic::ModelInfo> usable_models(const Exchange& exchange) {
  std::vector<protocol::anthropic::ModelInfo> models;
  const snapshot::GroupAccounts* group = exchange.snapshot->tables().accounts_by_group.find(exchange.caller.group->id);
  if (group == nullptr) return models;
  const snapshot::KeyEntry& key = *exchange.caller.key;
  const auto& aliases = exchange.caller.group->model_aliases;
  for (const snapshot::PriceEntry* price : exchange.snapshot->models(exchange.arrived)) {
    if (!is_served(*group, *price)) continue;
    const bool permitted = key.permits(price->model);
    if (permitted && !aliases.contains(price->model)) {
      models.push_back({price->model, price->display_name, price->effective_at});
    }
    for (const auto& [alias, model] : aliases) {
      if (model != price->model || !(permitted || key.permits(alias))) continue;
      models.push_back({alias, price->display_name, price->effective_at});
    }
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
