#include "dataplane/request/failure.h"

namespace sluice::request {

std::string_view to_string(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::kConnect:
      return "connect";
    case Failure::Kind::kTimeout:
      return "timeout";
    case Failure::Kind::kCut:
      return "cut";
    case Failure::Kind::kStatus:
      return "status";
    case Failure::Kind::kErrorEvent:
      return "error_event";
    case Failure::Kind::kEmpty:
      return "empty";
    case Failure::Kind::kGarbage:
      return "garbage";
    case Failure::Kind::kGateway:
      return "gateway";
    case Failure::Kind::kClientGone:
      return "client_gone";
  }
  return "unknown";
}

bool may_differ_elsewhere(unsigned status) {
  return refuses_account(status) || status == 408 || status == 429 || status >= 500;
}

bool refuses_account(unsigned status) {
  return status == 401 || status == 402 || status == 403;
}

}  // namespace sluice::request
