#include "controlplane/api/ledger_service.h"

#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/ledger_messages.h"
#include "controlplane/billing/ledger.h"

namespace sluice::api {

namespace v1 = admin::v1;

grpc::Status LedgerServiceImpl::CreateAdjustment(grpc::ServerContext* context,
                                                 const v1::CreateAdjustmentRequest* request,
                                                 v1::CreateAdjustmentResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    if (Result<> given = require("amount_usd", request->amount_usd()); !given) return given;
    if (Result<> given = require("reason", request->reason()); !given) return given;
    auto amount = parse_usd_field("amount_usd", request->amount_usd(), 0);
    if (!amount) return std::unexpected(amount.error());
    const billing::Adjustment adjustment{.user_id = request->user_id(),
                                         .amount_nano_usd = *amount,
                                         .reason = request->reason(),
                                         .external_id = request->external_id(),
                                         .actor = call.actor};
    auto adjusted = billing::adjust(call.tx, adjustment, call.clock.now());
    if (!adjusted) return std::unexpected(adjusted.error());
    response->set_transaction_id(adjusted->transaction_id);
    response->set_balance_usd(money::format_usd(adjusted->balance.nano_usd));
    response->set_repeated(adjusted->repeated);
    return call.audit("wallet.adjust", "user", request->user_id(), nullptr, request);
  });
}

grpc::Status LedgerServiceImpl::GetBalance(grpc::ServerContext* context, const v1::GetBalanceRequest* request,
                                           v1::GetBalanceResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto balance = billing::balance(call.tx, request->user_id());
    if (!balance) return std::unexpected(balance.error());
    response->set_balance_usd(money::format_usd(balance->nano_usd));
    response->set_version(balance->version);
    return {};
  });
}

grpc::Status LedgerServiceImpl::ListLedgerEntries(grpc::ServerContext* context,
                                                  const v1::ListLedgerEntriesRequest* request,
                                                  v1::ListLedgerEntriesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto page = billing::list_entries(call.tx, request->user_id(), page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const billing::LedgerEntry& row : page->rows)
      to_message(row, *response->add_ledger_entries());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status LedgerServiceImpl::CheckLedger(grpc::ServerContext* context, const v1::CheckLedgerRequest* request,
                                            v1::CheckLedgerResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto drifts = billing::check(call.tx);
    if (!drifts) return std::unexpected(drifts.error());
    for (const billing::Drift& drift : *drifts)
      to_message(drift, *response->add_drifts());
    response->set_balanced(drifts->empty());
    return {};
  });
}

}  // namespace sluice::api
