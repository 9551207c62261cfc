#include "common/resource/fields.h"
#include "common/resource/limits.h"
#include "common/resource/validate.h"

namespace sluice::resource {

using std::uint32_t;
using std::uint64_t;

Result<> check(const config::v1::Settings& settings) {
  if (Result<> r = check_range<uint64_t>("max_body_bytes", settings.max_body_bytes(), 0, kMaxBodyBytes); !r) return r;
  if (Result<> r = check_range<uint32_t>("keepalive_seconds", settings.keepalive_seconds(), 0, kMaxKeepaliveSeconds);
      !r) {
    return r;
  }
  return check_range<uint32_t>("default_user_concurrency", settings.default_user_concurrency(), 0, kMaxConcurrency);
}

Result<> check(const config::v1::User& user) {
  if (Result<> r = check_text("display_name", user.display_name(), kMaxNameBytes); !r) return r;
  if (Result<> r = check_range<uint32_t>("concurrency", user.concurrency(), 0, kMaxConcurrency); !r) return r;
  return check_range<uint64_t>("multiplier_ppm", user.multiplier_ppm(), 0, kMaxMultiplierPpm);
}

Result<> check(const config::v1::ApiKey& key) {
  if (Result<> r = check_uuid("user_id", key.user_id()); !r) return r;
  if (Result<> r = check_uuid("group_id", key.group_id()); !r) return r;
  if (key.key_hmac().size() != 32) return fail(ErrorCode::kInvalidArgument, "key_hmac must be 32 bytes");
  return key.has_expires_at() ? check_time("expires_at", key.expires_at()) : Result<>{};
}

Result<> check(const config::v1::Group& group) {
  if (Result<> r = check_text("display_name", group.display_name(), kMaxNameBytes); !r) return r;
  if (Result<> r = check_range<uint64_t>("multiplier_ppm", group.multiplier_ppm(), 0, kMaxMultiplierPpm); !r) return r;
  if (!config::v1::InterruptionPolicy_IsValid(group.interruption_policy())) {
    return fail(ErrorCode::kInvalidArgument, "interruption_policy is unknown to this version");
  }
  return {};
}

}  // namespace sluice::resource
