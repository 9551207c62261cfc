// Alert rules, alerts and deliveries as messages of the admin API. Pure; any thread.
#pragma once

#include "common/base/status.h"
#include "controlplane/alerts/alerts.h"
#include "controlplane/alerts/deliveries.h"
#include "sluice/admin/v1/alerts.pb.h"

namespace sluice::api {

void to_message(const alerts::Rule& row, admin::v1::AlertRule& into);
void to_message(const alerts::Alert& row, admin::v1::Alert& into);
void to_message(const alerts::Delivery& row, admin::v1::AlertDelivery& into);
// Checks what it takes over; id, etag and times stay.
[[nodiscard]] Result<> from_message(const admin::v1::AlertRule& rule, alerts::Rule& into);
[[nodiscard]] std::optional<alerts::State> state_of(admin::v1::AlertState state);

}  // namespace sluice::api
