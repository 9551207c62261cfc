// The ledger between rows and the admin API's messages. Pure; any thread.
#pragma once

#include "controlplane/billing/ledger.h"
#include "sluice/admin/v1/ledger.pb.h"

namespace sluice::api {

void to_message(const billing::LedgerEntry& row, admin::v1::LedgerEntry& into);
void to_message(const billing::Drift& drift, admin::v1::LedgerDrift& into);

}  // namespace sluice::api
