#include "controlplane/api/http_answer.h"

#include <utility>

namespace sluice::api {

http::WholeAnswer make_answer(unsigned status, std::string_view content_type, std::string body,
                              const std::string& request_id) {
  http::WholeAnswer out{.status = status, .fields = {}, .body = std::move(body)};
  out.fields.emplace_back("content-type", content_type);
  out.fields.emplace_back("cache-control", "no-store");
  out.fields.emplace_back("x-content-type-options", "nosniff");
  out.fields.emplace_back("x-request-id", request_id);
  return out;
}

}  // namespace sluice::api
