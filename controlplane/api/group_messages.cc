#include "controlplane/api/group_messages.h"

#include "common/money/money.h"
#include "common/resource/fields.h"
#include "common/resource/limits.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

constexpr int kMaxPlatforms = 32;

// As the nodes get it, so that their checks are made here.
config::v1::Group pushed_group(const store::Group& row) {
  config::v1::Group out;
  out.set_display_name(row.name);
  out.set_multiplier_ppm(static_cast<std::uint64_t>(row.multiplier_ppm));
  out.set_interruption_policy(row.interruption == store::Interruption::kDrain ? config::v1::INTERRUPTION_POLICY_DRAIN
                                                                              : config::v1::INTERRUPTION_POLICY_CANCEL);
  out.mutable_model_aliases()->insert(row.model_aliases.begin(), row.model_aliases.end());
  out.mutable_model_routes()->Add(row.model_routes.begin(), row.model_routes.end());
  return out;
}

Result<> read_description(const v1::Group& group, store::Group& into) {
  if (Result<> given = require("name", group.name()); !given) return given;
  if (Result<> r = resource::check_text("description", group.description(), kMaxNoteBytes); !r) return r;
  if (Result<> r = resource::check_count("platforms", group.platforms_size(), kMaxPlatforms); !r) return r;
  for (const std::string& platform : group.platforms()) {
    if (Result<> r = resource::check_identifier("platforms", platform); !r) return r;
  }
  into.name = group.name();
  into.description = group.description();
  into.platforms.assign(group.platforms().begin(), group.platforms().end());
  into.status = group.status() == v1::GROUP_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  return {};
}

Result<> read_money(const v1::Group& group, store::Group& into) {
  auto multiplier = parse_multiplier_field("multiplier", group.multiplier(), 1'000'000);
  if (!multiplier) return std::unexpected(multiplier.error());
  into.multiplier_ppm = *multiplier;
  into.needs_subscription = group.billing() == v1::GROUP_BILLING_SUBSCRIPTION;
  if (Result<> r = parse_limit_field("day_usd", group.day_usd(), into.day); !r) return r;
  if (Result<> r = parse_limit_field("week_usd", group.week_usd(), into.week); !r) return r;
  return parse_limit_field("month_usd", group.month_usd(), into.month);
}

void read_rules(const v1::Group& group, store::Group& into) {
  into.exclusive = group.access() == v1::GROUP_ACCESS_EXCLUSIVE;
  into.interruption = group.interruption_policy() == v1::GROUP_INTERRUPTION_POLICY_DRAIN ? store::Interruption::kDrain
                                                                                         : store::Interruption::kCancel;
  into.model_aliases = {group.model_aliases().begin(), group.model_aliases().end()};
  into.model_routes.clear();
  for (const v1::GroupModelRoute& shown : group.model_routes()) {
    config::v1::ModelRoute& route = into.model_routes.emplace_back();
    route.set_model(shown.model());
    *route.mutable_account_ids() = shown.account_ids();
  }
}

}  // namespace

void to_message(const store::Group& row, v1::Group& into) {
  into.set_id(row.id);
  into.set_name(row.name);
  into.set_description(row.description);
  into.mutable_platforms()->Add(row.platforms.begin(), row.platforms.end());
  into.set_status(row.status == store::Status::kActive ? v1::GROUP_STATUS_ACTIVE : v1::GROUP_STATUS_DISABLED);
  into.set_multiplier(money::format_multiplier(static_cast<std::uint64_t>(row.multiplier_ppm)));
  into.set_interruption_policy(row.interruption == store::Interruption::kDrain ? v1::GROUP_INTERRUPTION_POLICY_DRAIN
                                                                               : v1::GROUP_INTERRUPTION_POLICY_CANCEL);
  into.set_access(row.exclusive ? v1::GROUP_ACCESS_EXCLUSIVE : v1::GROUP_ACCESS_OPEN);
  into.set_billing(row.needs_subscription ? v1::GROUP_BILLING_SUBSCRIPTION : v1::GROUP_BILLING_BALANCE);
  into.set_day_usd(limit_text(row.day));
  into.set_week_usd(limit_text(row.week));
  into.set_month_usd(limit_text(row.month));
  into.mutable_model_aliases()->insert(row.model_aliases.begin(), row.model_aliases.end());
  for (const config::v1::ModelRoute& route : row.model_routes) {
    v1::GroupModelRoute& shown = *into.add_model_routes();
    shown.set_model(route.model());
    *shown.mutable_account_ids() = route.account_ids();
  }
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> from_message(const v1::Group& group, store::Group& into) {
  if (Result<> r = read_description(group, into); !r) return r;
  if (Result<> r = read_money(group, into); !r) return r;
  read_rules(group, into);
  return resource::check(pushed_group(into));
}

}  // namespace sluice::api
