#include "controlplane/api/ledger_service.h"

#include <charconv>

#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/billing/ledger.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const billing::LedgerEntry& row, v1::LedgerEntry& into) {
  into.set_transaction_id(row.transaction_id);
  into.set_kind(row.kind);
  into.set_amount_usd(money::format_usd(row.amount_nano_usd));
  set_time(into.mutable_at(), row.at);
  into.set_external_id(row.external_id);
  into.set_reason(row.reason);
  into.set_actor(row.actor);
}

// Sums over everything may exceed an amount's range; those stay nano-USD in digits.
std::string usd_of(const std::string& nano_usd) {
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(nano_usd.data(), nano_usd.data() + nano_usd.size(), value);
  return error == std::errc{} && rest == nano_usd.data() + nano_usd.size() ? money::format_usd(value) : nano_usd;
}

}  // namespace

grpc::Status LedgerServiceImpl::CreateAdjustment(grpc::ServerContext* context,
                                                 const v1::CreateAdjustmentRequest* request,
                                                 v1::CreateAdjustmentResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
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
  return run(admin_, context, [&](Call& call) -> Result<> {
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
  return run(admin_, context, [&](Call& call) -> Result<> {
    response->Clear();
    auto page = billing::list_entries(call.tx, request->user_id(), page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const billing::LedgerEntry& row : page->rows)
      to_message(row, *response->add_ledger_entries());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status LedgerServiceImpl::CheckLedger(grpc::ServerContext* context, const v1::CheckLedgerRequest* /*request*/,
                                            v1::CheckLedgerResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    response->Clear();
    auto drifts = billing::check(call.tx);
    if (!drifts) return std::unexpected(drifts.error());
    for (const billing::Drift& drift : *drifts) {
      v1::LedgerDrift& into = *response->add_drifts();
      into.set_invariant(drift.invariant);
      into.set_id(drift.id);
      into.set_expected_usd(usd_of(drift.expected_nano_usd));
      into.set_actual_usd(usd_of(drift.actual_nano_usd));
    }
    response->set_balanced(drifts->empty());
    return {};
  });
}

}  // namespace sluice::api
