#include <fmt/format.h>

#include <set>

#include "common/money/window.h"
#include "common/resource/fields.h"
#include "common/resource/limits.h"
#include "common/resource/validate.h"

namespace sluice::resource {

namespace {

using std::uint32_t;

struct Bound {
  std::string_view field;
  uint32_t value;
  uint32_t most;
};

Result<> check_numbers(const config::v1::Settings& settings) {
  const config::v1::Waiting& waiting = settings.waiting();
  const config::v1::Stickiness& sticky = settings.stickiness();
  const config::v1::Failover& failover = settings.failover();
  const Bound bounds[] = {
      {"keepalive_seconds", settings.keepalive_seconds(), kMaxKeepaliveSeconds},
      {"default_user_concurrency", settings.default_user_concurrency(), kMaxConcurrency},
      {"waiting.per_user", waiting.per_user(), kMaxWaiting},
      {"waiting.per_account", waiting.per_account(), kMaxWaiting},
      {"waiting.limit_ms", waiting.limit_ms(), kMaxWaitMs},
      {"waiting.first_keepalive_ms", waiting.first_keepalive_ms(), kMaxWaitMs},
      {"stickiness.ttl_seconds", sticky.ttl_seconds(), kMaxStickySeconds},
      {"stickiness.waiting", sticky.waiting(), kMaxWaiting},
      {"stickiness.wait_ms", sticky.wait_ms(), kMaxWaitMs},
      {"failover.attempts", failover.attempts(), kMaxAttempts},
      {"failover.deadline_ms", failover.deadline_ms(), kMaxDeadlineMs},
      {"failover.first_content_ms", failover.first_content_ms(), kMaxDeadlineMs},
      {"decision_sample_ppm", settings.decision_sample_ppm(), 1'000'000},
  };
  for (const Bound& bound : bounds) {
    if (Result<> r = check_range<uint32_t>(bound.field, bound.value, 0, bound.most); !r) return r;
  }
  return {};
}

// Texts may have lines, unlike names, but not the NUL that the database cannot hold.
Result<> check_long_text(std::string_view field, std::string_view value, std::size_t most) {
  if (value.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} contains a NUL character", field));
  }
  if (value.size() <= most) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} is {} bytes long; at most {} are allowed", field, value.size(), most));
}

Result<> check_reply(const config::v1::LocalReply& reply) {
  if (Result<> r = check_token("local_replies.name", reply.name(), kMaxLocalReplyNameBytes); !r) return r;
  if (Result<> r = check_uuids("local_replies.group_ids", reply.group_ids(), kMaxGroupsPerAccount); !r) return r;
  if (Result<> r = check_text("local_replies.model", reply.model(), kMaxMappedModelBytes); !r) return r;
  if (reply.text_equals().empty() == reply.text_contains().empty()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("local reply {} needs text_equals or text_contains, and not both", reply.name()));
  }
  if (Result<> r = check_long_text("local_replies.text_equals", reply.text_equals(), kMaxLocalReplyMatchBytes); !r) {
    return r;
  }
  if (Result<> r = check_long_text("local_replies.text_contains", reply.text_contains(), kMaxLocalReplyMatchBytes);
      !r) {
    return r;
  }
  if (reply.reply().empty()) return fail(ErrorCode::kInvalidArgument, "local_replies.reply is empty");
  return check_long_text("local_replies.reply", reply.reply(), kMaxLocalReplyBytes);
}

}  // namespace

Result<> check(const config::v1::Settings& settings) {
  if (Result<> r = check_range<std::uint64_t>("max_body_bytes", settings.max_body_bytes(), 0, kMaxBodyBytes); !r) {
    return r;
  }
  if (Result<> r = check_numbers(settings); !r) return r;
  if (!money::is_time_zone(settings.billing_time_zone())) {
    return fail(ErrorCode::kInvalidArgument,
                "billing_time_zone is not the name of a time zone that this machine knows");
  }
  if (!config::v1::OutagePolicy_IsValid(settings.money_without_redis())) {
    return fail(ErrorCode::kInvalidArgument, "money_without_redis is unknown to this version");
  }
  if (Result<> r = check_count("local_replies", settings.local_replies_size(), kMaxLocalReplies); !r) return r;
  std::set<std::string_view> names;
  for (const config::v1::LocalReply& reply : settings.local_replies()) {
    if (Result<> r = check_reply(reply); !r) return r;
    if (!names.insert(reply.name()).second) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("local_replies name {} twice", reply.name()));
    }
  }
  return {};
}

}  // namespace sluice::resource
