#include "controlplane/api/egress_proxies_service.h"

#include "common/base/uuid.h"
#include "common/resource/validate.h"
#include "controlplane/api/convert.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::size_t kMaxName = 200;

void to_message(const store::EgressProxy& row, v1::EgressProxy& into) {
  into.set_id(row.id);
  into.set_name(row.name);
  into.set_url(row.url);
  into.set_status(row.status == store::Status::kActive ? v1::EGRESS_PROXY_STATUS_ACTIVE
                                                       : v1::EGRESS_PROXY_STATUS_DISABLED);
  into.set_username(row.username);
  into.set_has_password(!row.sealed.empty());
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

}  // namespace

// `into` is the row as it is stored, with its id. A stored password stays only where it was meant to go.
Result<> EgressProxyServiceImpl::from_message(const v1::EgressProxy& proxy, store::EgressProxy& into) const {
  if (Result<> given = require("name", proxy.name()); !given) return given;
  if (proxy.name().size() > kMaxName) return fail(ErrorCode::kInvalidArgument, "name: at most 200 characters");
  const bool keeps = proxy.password().empty() && !proxy.username().empty() && !into.sealed.empty();
  if (keeps && proxy.url() != into.url) {
    return fail(ErrorCode::kInvalidArgument, "password: give it again with another url");
  }
  config::v1::EgressProxy pushed;
  pushed.set_url(proxy.url());
  pushed.set_username(proxy.username());
  pushed.set_password(keeps ? "kept" : proxy.password());
  if (Result<> valid = resource::check(pushed); !valid) return valid;

  into.name = proxy.name();
  into.url = proxy.url();
  into.status = proxy.status() == v1::EGRESS_PROXY_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  into.username = proxy.username();
  if (keeps) return {};
  into.sealed.clear();
  if (proxy.password().empty()) return {};
  into.sealed = vault_.seal("egress_proxies|" + into.id + "|sealed", Secret(proxy.password()));
  into.key_version = static_cast<std::int32_t>(vault_.newest_version());
  return {};
}

grpc::Status EgressProxyServiceImpl::ListEgressProxies(grpc::ServerContext* context,
                                                       const v1::ListEgressProxiesRequest* request,
                                                       v1::ListEgressProxiesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    auto page = store::list_egress_proxies(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const store::EgressProxy& row : page->rows)
      to_message(row, *response->add_egress_proxies());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status EgressProxyServiceImpl::GetEgressProxy(grpc::ServerContext* context,
                                                    const v1::GetEgressProxyRequest* request,
                                                    v1::GetEgressProxyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_egress_proxy(call.tx, request->id()), "egress proxy");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_egress_proxy());
    return {};
  });
}

grpc::Status EgressProxyServiceImpl::CreateEgressProxy(grpc::ServerContext* context,
                                                       const v1::CreateEgressProxyRequest* request,
                                                       v1::CreateEgressProxyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    store::EgressProxy row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> valid = from_message(request->egress_proxy(), row); !valid) return valid;
    auto stored = store::insert_egress_proxy(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_egress_proxy());
    return call.audit("egress_proxy.create", "egress_proxy", stored->id, nullptr, &response->egress_proxy());
  });
}

grpc::Status EgressProxyServiceImpl::UpdateEgressProxy(grpc::ServerContext* context,
                                                       const v1::UpdateEgressProxyRequest* request,
                                                       v1::UpdateEgressProxyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_egress_proxy(call.tx, request->egress_proxy().id()), "egress proxy");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->egress_proxy().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::EgressProxy before;
    to_message(*row, before);
    v1::EgressProxy wanted = before;
    if (Result<> merged = merge(request->egress_proxy(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_egress_proxy(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_egress_proxy());
    return call.audit("egress_proxy.update", "egress_proxy", stored->id, &before, &response->egress_proxy());
  });
}

grpc::Status EgressProxyServiceImpl::DeleteEgressProxy(grpc::ServerContext* context,
                                                       const v1::DeleteEgressProxyRequest* request,
                                                       v1::DeleteEgressProxyResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(store::get_egress_proxy(call.tx, request->id()), "egress proxy");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::EgressProxy before;
    to_message(*row, before);
    auto deleted = store::delete_egress_proxy(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("egress_proxy.delete", "egress_proxy", request->id(), &before, nullptr);
  });
}

}  // namespace sluice::api
