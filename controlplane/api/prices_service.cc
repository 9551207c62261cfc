#include "controlplane/api/prices_service.h"

#include "common/base/uuid.h"
#include "common/money/money.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/prices.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const store::Price& row, v1::Price& into) {
  into.set_id(row.id);
  into.set_model(row.model);
  into.set_display_name(row.display_name);
  into.set_provider(row.provider);
  set_time(into.mutable_effective_at(), row.effective_at);
  into.set_input(money::format_usd(row.input));
  into.set_output(money::format_usd(row.output));
  into.set_cache_read(money::format_usd(row.cache_read));
  into.set_cache_write_5m(money::format_usd(row.cache_write_5m));
  into.set_cache_write_1h(money::format_usd(row.cache_write_1h));
  into.set_per_request(money::format_usd(row.per_request));
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

config::v1::Price pushed_price(const store::Price& row) {
  config::v1::Price pushed;
  pushed.set_model(row.model);
  pushed.set_display_name(row.display_name);
  pushed.set_provider(row.provider);
  set_time(pushed.mutable_effective_at(), row.effective_at);
  pushed.set_input(row.input);
  pushed.set_output(row.output);
  pushed.set_cache_read(row.cache_read);
  pushed.set_cache_write_5m(row.cache_write_5m);
  pushed.set_cache_write_1h(row.cache_write_1h);
  pushed.set_per_request(row.per_request);
  return pushed;
}

Result<> from_message(const v1::Price& price, SystemTime now, store::Price& into) {
  into.model = price.model();
  into.display_name = price.display_name();
  into.provider = price.provider();
  into.effective_at = price.has_effective_at() ? to_time(price.effective_at()) : now;
  const struct {
    const char* field;
    const std::string& text;
    std::int64_t& value;
  } amounts[] = {{"input", price.input(), into.input},
                 {"output", price.output(), into.output},
                 {"cache_read", price.cache_read(), into.cache_read},
                 {"cache_write_5m", price.cache_write_5m(), into.cache_write_5m},
                 {"cache_write_1h", price.cache_write_1h(), into.cache_write_1h},
                 {"per_request", price.per_request(), into.per_request}};
  for (const auto& amount : amounts) {
    // A missing amount is not free by accident: 0 has to be written.
    if (Result<> given = require(amount.field, amount.text); !given) return given;
    auto parsed = parse_usd_field(amount.field, amount.text, 0);
    if (!parsed) return std::unexpected(parsed.error());
    amount.value = *parsed;
  }
  return resource::check(pushed_price(into));
}

}  // namespace

grpc::Status PriceServiceImpl::ListPrices(grpc::ServerContext* context, const v1::ListPricesRequest* request,
                                          v1::ListPricesResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    response->Clear();
    store::PriceFilter filter;
    if (!request->model().empty()) filter.model = request->model();
    auto page = store::list_prices(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const store::Price& row : page->rows)
      to_message(row, *response->add_prices());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status PriceServiceImpl::GetPrice(grpc::ServerContext* context, const v1::GetPriceRequest* request,
                                        v1::GetPriceResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = live(store::get_price(call.tx, request->id()), "price");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_price());
    return {};
  });
}

grpc::Status PriceServiceImpl::CreatePrice(grpc::ServerContext* context, const v1::CreatePriceRequest* request,
                                           v1::CreatePriceResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    store::Price row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> valid = from_message(request->price(), call.clock.now(), row); !valid) return valid;
    auto stored = store::insert_price(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_price());
    return call.audit("price.create", "price", stored->id, nullptr, &response->price());
  });
}

grpc::Status PriceServiceImpl::UpdatePrice(grpc::ServerContext* context, const v1::UpdatePriceRequest* request,
                                           v1::UpdatePriceResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = live(store::get_price(call.tx, request->price().id()), "price");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->price().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::Price before;
    to_message(*row, before);
    v1::Price wanted = before;
    if (Result<> merged = merge(request->price(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, call.clock.now(), *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_price(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_price());
    return call.audit("price.update", "price", stored->id, &before, &response->price());
  });
}

grpc::Status PriceServiceImpl::DeletePrice(grpc::ServerContext* context, const v1::DeletePriceRequest* request,
                                           v1::DeletePriceResponse* /*response*/) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = live(store::get_price(call.tx, request->id()), "price");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::Price before;
    to_message(*row, before);
    auto deleted = store::delete_price(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("price.delete", "price", request->id(), &before, nullptr);
  });
}

}  // namespace sluice::api
