#include "controlplane/api/catalog_service.h"

#include <algorithm>

#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/price_messages.h"
#include "controlplane/store/catalog.h"
#include "controlplane/store/users.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const store::UsableGroup& row, const store::User& user, v1::UsableGroup& into) {
  into.set_id(row.group.id);
  into.set_name(row.group.name);
  into.set_description(row.group.description);
  into.mutable_platforms()->Add(row.group.platforms.begin(), row.group.platforms.end());
  into.set_multiplier(
      money::format_multiplier(money::combine_multipliers(static_cast<std::uint64_t>(row.multiplier_ppm),
                                                          static_cast<std::uint64_t>(user.multiplier_ppm))
                                   .value_or(0)));
  into.set_needs_subscription(row.group.needs_subscription);
  into.set_subscription_id(row.subscription_id);
  if (row.subscription_expires_at) set_time(into.mutable_subscription_expires_at(), *row.subscription_expires_at);
}

// Never what the vendor asks.
void to_message(const store::Price& row, v1::UsableModel& into) {
  v1::Price price;
  api::to_message(row, price);
  into.set_model(price.model());
  into.set_display_name(price.display_name());
  into.set_provider(price.provider());
  into.set_input(price.input());
  into.set_output(price.output());
  into.set_cache_read(price.cache_read());
  into.set_cache_write_5m(price.cache_write_5m());
  into.set_cache_write_1h(price.cache_write_1h());
  into.set_per_request(price.per_request());
  *into.mutable_tiers() = price.tiers();
}

}  // namespace

grpc::Status CatalogServiceImpl::ListUsableGroups(grpc::ServerContext* context,
                                                  const v1::ListUsableGroupsRequest* request,
                                                  v1::ListUsableGroupsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto user = live(store::get_user(call.tx, request->user_id()), "user");
    if (!user) return std::unexpected(user.error());
    const auto groups = store::usable_groups(call.tx, user->id, call.clock.now());
    if (!groups) return std::unexpected(groups.error());
    for (const store::UsableGroup& row : *groups)
      to_message(row, *user, *response->add_groups());
    return {};
  });
}

grpc::Status CatalogServiceImpl::ListUsableModels(grpc::ServerContext* context,
                                                  const v1::ListUsableModelsRequest* request,
                                                  v1::ListUsableModelsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto groups = store::usable_groups(call.tx, request->user_id(), call.clock.now());
    if (!groups) return std::unexpected(groups.error());
    const auto found = std::ranges::find(*groups, request->group_id(), [](const auto& one) { return one.group.id; });
    if (found == groups->end()) return fail(ErrorCode::kNotFound, "the user has no such group");
    const auto prices = store::served_models(call.tx, found->group, call.clock.now());
    if (!prices) return std::unexpected(prices.error());
    const store::ModelMapping& aliases = found->group.model_aliases;
    for (const store::Price& price : *prices) {
      // What an alias hides cannot be named.
      if (!aliases.contains(price.model)) to_message(price, *response->add_models());
      for (const auto& [alias, model] : aliases) {
        if (model != price.model) continue;
        v1::UsableModel& shown = *response->add_models();
        to_message(price, shown);
        shown.set_model(alias);
        shown.set_stands_for(model);
      }
    }
    return {};
  });
}

}  // namespace sluice::api
