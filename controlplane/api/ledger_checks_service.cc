#include "controlplane/api/ledger_checks_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/api/ledger_messages.h"
#include "controlplane/billing/ledger_checks.h"

namespace sluice::api {

namespace v1 = admin::v1;

grpc::Status LedgerCheckServiceImpl::ListLedgerChecks(grpc::ServerContext* context,
                                                      const v1::ListLedgerChecksRequest* request,
                                                      v1::ListLedgerChecksResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto page = billing::list_checks(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const billing::LedgerCheck& row : page->rows) {
      v1::LedgerCheck& into = *response->add_ledger_checks();
      into.set_id(row.id);
      set_time(into.mutable_at(), row.at);
      into.set_duration_us(row.duration_us);
      into.set_balanced(row.drifts.empty());
      for (const billing::Drift& drift : row.drifts)
        to_message(drift, *into.add_drifts());
    }
    response->set_next_page_token(page->next);
    return {};
  });
}

}  // namespace sluice::api
