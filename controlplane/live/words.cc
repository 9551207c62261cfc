#include "controlplane/live/words.h"

#include "sluice/config/v1/config.pb.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::live {

std::string_view block_word(std::int32_t reason) {
  switch (reason) {
    case config::v1::ACCOUNT_HEALTH_REASON_RATE_LIMITED:
      return "rate_limited";
    case config::v1::ACCOUNT_HEALTH_REASON_OVERLOADED:
      return "overloaded";
    case config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED:
      return "auth_failed";
    case config::v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN:
      return "breaker_open";
    case config::v1::ACCOUNT_HEALTH_REASON_PAUSED_BY_RULE:
      return "paused_by_rule";
    case config::v1::ACCOUNT_HEALTH_REASON_QUOTA_USED_UP:
      return "quota_used_up";
    default:
      return "unknown";
  }
}

std::string_view outcome_word(std::int32_t outcome) {
  switch (outcome) {
    case usage::v1::OUTCOME_COMPLETE:
      return "complete";
    case usage::v1::OUTCOME_CLIENT_GONE:
      return "client_gone";
    case usage::v1::OUTCOME_UPSTREAM_CUT:
      return "upstream_cut";
    case usage::v1::OUTCOME_UPSTREAM_ERROR:
      return "upstream_error";
    case usage::v1::OUTCOME_NODE_CRASH:
      return "node_crash";
    case usage::v1::OUTCOME_GATEWAY_ENDED:
      return "gateway_ended";
    default:
      return "unknown";
  }
}

google::protobuf::Timestamp to_timestamp(SystemTime at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  google::protobuf::Timestamp out;
  out.set_seconds(seconds.time_since_epoch().count());
  out.set_nanos(static_cast<std::int32_t>(std::chrono::nanoseconds(at - seconds).count()));
  return out;
}

}  // namespace sluice::live
