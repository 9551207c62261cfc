#include "controlplane/api/redeem_codes_service.h"

#include <algorithm>

#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/billing/redeem_codes.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr int kMostAtOnce = 500;

v1::RedeemCodeKind kind_of(billing::CodeKind kind) {
  if (kind == billing::CodeKind::kBalance) return v1::REDEEM_CODE_KIND_BALANCE;
  return kind == billing::CodeKind::kConcurrency ? v1::REDEEM_CODE_KIND_CONCURRENCY : v1::REDEEM_CODE_KIND_SUBSCRIPTION;
}

void to_message(const billing::RedeemCode& row, v1::RedeemCode& into) {
  into.set_id(row.id);
  into.set_last4(row.last4);
  into.set_kind(kind_of(row.kind));
  if (row.kind == billing::CodeKind::kBalance) into.set_amount_usd(money::format_usd(row.amount_nano_usd));
  into.set_concurrency(row.concurrency);
  into.set_plan_id(row.plan_id);
  into.set_days(row.days);
  into.set_note(row.note);
  if (row.expires_at) set_time(into.mutable_expires_at(), *row.expires_at);
  if (row.revoked_at) set_time(into.mutable_revoked_at(), *row.revoked_at);
  into.set_created_by(row.created_by);
  set_time(into.mutable_created_at(), row.created_at);
  into.set_redeemed_by(row.redeemed_by.value_or(""));
  if (row.redeemed_at) set_time(into.mutable_redeemed_at(), *row.redeemed_at);
}

Result<billing::RedeemCode> from_message(const v1::RedeemCode& code) {
  billing::RedeemCode out;
  switch (code.kind()) {
    case v1::REDEEM_CODE_KIND_BALANCE:
      out.kind = billing::CodeKind::kBalance;
      break;
    case v1::REDEEM_CODE_KIND_CONCURRENCY:
      out.kind = billing::CodeKind::kConcurrency;
      break;
    case v1::REDEEM_CODE_KIND_SUBSCRIPTION:
      out.kind = billing::CodeKind::kSubscription;
      break;
    default:
      return fail(ErrorCode::kInvalidArgument, "kind is required");
  }
  const auto amount = parse_usd_field("amount_usd", code.amount_usd(), 0);
  if (!amount) return std::unexpected(amount.error());
  out.amount_nano_usd = *amount;
  out.concurrency = code.concurrency();
  out.plan_id = code.plan_id();
  out.days = code.days();
  out.note = code.note();
  if (code.has_expires_at()) out.expires_at = to_time(code.expires_at());
  return out;
}

}  // namespace

grpc::Status RedeemCodeServiceImpl::ListRedeemCodes(grpc::ServerContext* context,
                                                    const v1::ListRedeemCodesRequest* request,
                                                    v1::ListRedeemCodesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto unused = request->unused() ? std::optional(call.clock.now()) : std::nullopt;
    const auto page = billing::list_codes(call.tx, page_of(*request), unused);
    if (!page) return std::unexpected(page.error());
    for (const billing::RedeemCode& row : page->rows)
      to_message(row, *response->add_redeem_codes());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status RedeemCodeServiceImpl::GetRedeemCode(grpc::ServerContext* context, const v1::GetRedeemCodeRequest* request,
                                                  v1::GetRedeemCodeResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto code = billing::get_code(call.tx, request->id());
    if (!code) return std::unexpected(code.error());
    to_message(*code, *response->mutable_redeem_code());
    return {};
  });
}

grpc::Status RedeemCodeServiceImpl::CreateRedeemCodes(grpc::ServerContext* context,
                                                      const v1::CreateRedeemCodesRequest* request,
                                                      v1::CreateRedeemCodesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    if (request->count() < 0 || request->count() > kMostAtOnce) {
      return fail(ErrorCode::kInvalidArgument, "count must be 1 to 500");
    }
    auto wanted = from_message(request->redeem_code());
    if (!wanted) return std::unexpected(wanted.error());
    wanted->created_by = call.actor;
    for (int i = 0; i < std::max(1, request->count()); ++i) {
      const auto made = billing::create_code(call.tx, hasher_, *wanted, call.clock.now());
      if (!made) return std::unexpected(made.error());
      v1::NewRedeemCode& into = *response->add_redeem_codes();
      to_message(made->row, *into.mutable_redeem_code());
      into.set_code(std::string(made->code.reveal()));
      if (Result<> r = call.audit("redeem_code.create", "redeem_code", made->row.id, nullptr, &into.redeem_code());
          !r) {
        return r;
      }
    }
    return {};
  });
}

grpc::Status RedeemCodeServiceImpl::RevokeRedeemCode(grpc::ServerContext* context,
                                                     const v1::RevokeRedeemCodeRequest* request,
                                                     v1::RevokeRedeemCodeResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto code = billing::revoke_code(call.tx, request->id(), call.clock.now());
    if (!code) return std::unexpected(code.error());
    to_message(*code, *response->mutable_redeem_code());
    return call.audit("redeem_code.revoke", "redeem_code", code->id, nullptr, &response->redeem_code());
  });
}

grpc::Status RedeemCodeServiceImpl::Redeem(grpc::ServerContext* context, const v1::RedeemRequest* request,
                                           v1::RedeemResponse* response) {
  // A wrong code undoes its own transaction, so the attempt is counted in another one before.
  const grpc::Status counted = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    return billing::count_attempt(call.tx, request->user_id(), call.clock.now());
  });
  if (!counted.ok()) return counted;
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto code = billing::redeem(call.tx, hasher_, request->user_id(), request->code(), call.clock.now());
    if (!code) return std::unexpected(code.error());
    to_message(*code, *response->mutable_redeem_code());
    return call.audit("redeem_code.redeem", "redeem_code", code->id, nullptr, &response->redeem_code());
  });
}

}  // namespace sluice::api
