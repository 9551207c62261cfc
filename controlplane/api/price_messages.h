// Prices between rows and the admin API's messages. Pure; any thread.
#pragma once

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/store/prices.h"
#include "sluice/admin/v1/prices.pb.h"

namespace sluice::api {

void to_message(const store::Price& row, admin::v1::Price& into);

// Everything but id, status, revision and times of creation; effective at `now` if the message does not say when. A
// missing amount is refused: 0 has to be written.
[[nodiscard]] Result<> from_message(const admin::v1::Price& price, SystemTime now, store::Price& into);

// Whether nodes would take it.
[[nodiscard]] Result<> check_price(const store::Price& row);

}  // namespace sluice::api
