#include "controlplane/api/price_imports_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/api/price_messages.h"
#include "controlplane/billing/price_import.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

Result<billing::PriceImport> import_of(const v1::ImportPricesRequest& request, SystemTime now) {
  billing::PriceImport out;
  if (Result<> given = require("map_json", request.map_json()); !given) return std::unexpected(given.error());
  out.map_json = request.map_json();
  out.providers.assign(request.providers().begin(), request.providers().end());
  if (out.providers.empty()) out.providers = {"anthropic", "openai", "gemini"};
  out.models.assign(request.models().begin(), request.models().end());
  out.only_known = request.only_known();
  const auto markup = parse_multiplier_field("markup", request.markup(), 1'000'000);
  if (!markup) return std::unexpected(markup.error());
  out.markup_ppm = *markup;
  out.effective_at = request.has_effective_at() ? to_time(request.effective_at()) : now;
  if (!request.dry_run() && request.digest().empty()) {
    return fail(ErrorCode::kInvalidArgument, "digest: make a dry run first and give back its digest");
  }
  return out;
}

void describe(const billing::PriceDiff& diff, v1::ImportPricesResponse& into) {
  for (const billing::PriceChange& change : diff.changes) {
    v1::PriceChange& one = *into.add_changes();
    if (change.before) to_message(*change.before, *one.mutable_before());
    to_message(change.after, *one.mutable_after());
  }
  for (const billing::SkippedPrice& skipped : diff.skipped) {
    v1::SkippedPrice& one = *into.add_skipped();
    one.set_model(skipped.model);
    one.set_reason(skipped.reason);
  }
  into.set_unchanged(diff.unchanged);
  into.set_others(diff.others);
  into.set_digest(diff.digest);
}

Result<> audit_changes(Call& call, const v1::ImportPricesResponse& response) {
  for (const v1::PriceChange& change : response.changes()) {
    const v1::Price* before = change.has_before() ? &change.before() : nullptr;
    if (Result<> r = call.audit("price.import", "price", change.after().id(), before, &change.after()); !r) return r;
  }
  return {};
}

}  // namespace

grpc::Status PriceImportServiceImpl::ImportPrices(grpc::ServerContext* context, const v1::ImportPricesRequest* request,
                                                  v1::ImportPricesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto import = import_of(*request, call.clock.now());
    if (!import) return std::unexpected(import.error());
    auto diff = billing::diff_prices(call.tx, *import);
    if (!diff) return std::unexpected(diff.error());
    for (const billing::PriceChange& change : diff->changes) {
      if (Result<> valid = check_price(change.after); !valid) {
        return fail(valid.error().code, change.after.model + ": " + valid.error().message);
      }
    }
    if (!request->dry_run()) {
      if (diff->digest != request->digest()) {
        return fail(ErrorCode::kFailedPrecondition,
                    "the map or the prices were changed meanwhile: make a dry run again");
      }
      if (Result<> applied = billing::apply_prices(call.tx, *diff, call.clock.now()); !applied) return applied;
    }
    describe(*diff, *response);
    response->set_applied(!request->dry_run());
    return request->dry_run() ? Result<>{} : audit_changes(call, *response);
  });
}

}  // namespace sluice::api
