#include "controlplane/api/statements_service.h"

#include <fmt/format.h>

#include "common/money/money.h"
#include "controlplane/api/convert.h"
#include "controlplane/billing/statement.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

template <class Request>
Result<billing::Statement> statement_for(Call& call, const Request& request) {
  if (!request.has_from()) return fail(ErrorCode::kInvalidArgument, "from is required");
  const SystemTime to = request.has_to() ? to_time(request.to()) : call.clock.now();
  return billing::make_statement(call.tx, request.user_id(), to_time(request.from()), to);
}

void to_message(const billing::Statement& statement, v1::Statement& into) {
  into.set_user_id(statement.user_id);
  set_time(into.mutable_from(), statement.from);
  set_time(into.mutable_to(), statement.to);
  into.set_opening_usd(money::format_usd(statement.opening_nano_usd));
  into.set_closing_usd(money::format_usd(statement.closing_nano_usd));
  for (const billing::StatementLine& line : statement.lines) {
    v1::StatementLine& one = *into.add_lines();
    set_time(one.mutable_at(), line.at);
    one.set_kind(line.kind);
    one.set_day(line.day);
    one.set_model(line.model);
    one.set_requests(line.requests);
    one.set_amount_usd(money::format_usd(line.amount_nano_usd));
    one.set_balance_usd(money::format_usd(line.balance_nano_usd));
    one.set_external_id(line.external_id);
    one.set_reason(line.reason);
  }
}

}  // namespace

grpc::Status StatementServiceImpl::GetStatement(grpc::ServerContext* context, const v1::GetStatementRequest* request,
                                                v1::GetStatementResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto statement = statement_for(call, *request);
    if (!statement) return std::unexpected(statement.error());
    to_message(*statement, *response->mutable_statement());
    return {};
  });
}

grpc::Status StatementServiceImpl::ExportStatement(grpc::ServerContext* context,
                                                   const v1::ExportStatementRequest* request,
                                                   v1::ExportStatementResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto statement = statement_for(call, *request);
    if (!statement) return std::unexpected(statement.error());
    response->set_filename(
        fmt::format("statement-{}-{}.csv", statement->user_id, db::format_time(statement->from).substr(0, 10)));
    response->set_csv(billing::to_csv(*statement));
    return {};
  });
}

}  // namespace sluice::api
