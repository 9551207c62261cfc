#include "controlplane/api/prices_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/price_messages.h"
#include "controlplane/store/prices.h"

namespace sluice::api {

namespace v1 = admin::v1;

grpc::Status PriceServiceImpl::ListPrices(grpc::ServerContext* context, const v1::ListPricesRequest* request,
                                          v1::ListPricesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
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
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_price(call.tx, request->id()), "price");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_price());
    return {};
  });
}

grpc::Status PriceServiceImpl::CreatePrice(grpc::ServerContext* context, const v1::CreatePriceRequest* request,
                                           v1::CreatePriceResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
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
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
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
                                           v1::DeletePriceResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
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
