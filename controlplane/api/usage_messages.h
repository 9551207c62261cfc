// Stored usage events and decision records as messages of the admin API. Pure; any thread.
#pragma once

#include "controlplane/usage/decisions.h"
#include "controlplane/usage/events.h"
#include "sluice/admin/v1/requests.pb.h"
#include "sluice/admin/v1/usage.pb.h"

namespace sluice::api {

void to_message(const usage::Event& row, admin::v1::UsageEvent& into);
void to_message(const usage::Decision& from, admin::v1::RequestDecision& into);

}  // namespace sluice::api
