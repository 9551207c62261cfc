#include "dataplane/provider/anthropic/limits.h"

#include <catch2/catch.hpp>

#include "dataplane/provider/limits/retry_after.h"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

// 2026-11-23T10:00:00Z
const SystemTime kNow{std::chrono::seconds(1'795'428'000)};

provider::LimitSignal read(unsigned status, std::vector<http::Field> fields, std::string_view body = {}) {
  http::ResponseHead head;
  head.status = status;
  head.fields = std::move(fields);
  return provider::anthropic::read_limits(head, body, kNow);
}

}  // namespace

TEST_CASE("retry-after in seconds, milliseconds and as a date, within bounds") {
  CHECK(read(429, {{"retry-after", "30"}}).retry_at == kNow + 30s);
  CHECK(read(429, {{"retry-after-ms", "1500"}, {"retry-after", "9"}}).retry_at == kNow + 1500ms);
  CHECK(read(429, {{"retry-after", "Mon, 23 Nov 2026 10:02:00 GMT"}}).retry_at == kNow + 120s);
  CHECK(read(429, {{"retry-after", "0"}}).retry_at == kNow + 1s);
  CHECK(read(429, {{"retry-after", "99999999"}}).retry_at == kNow + std::chrono::days(7));
  for (const char* odd : {"", "soon", "-1", "1e400", "nan"})
    CHECK_FALSE(read(429, {{"retry-after", odd}}).retry_at);
}

TEST_CASE("a used-up subscription says when it comes back, in seconds since 1970") {
  const auto signal = read(429, {{"anthropic-ratelimit-unified-status", "rejected"},
                                 {"anthropic-ratelimit-unified-reset", "1795431600"},
                                 {"retry-after", "5"}});
  CHECK(signal.retry_at == kNow + 1h);
  CHECK_FALSE(signal.model_only);
  CHECK(read(200,
             {{"anthropic-ratelimit-unified-status", "allowed"}, {"anthropic-ratelimit-unified-reset", "1795431600"}})
            .used_up == false);
  CHECK(read(429, {{"anthropic-ratelimit-unified-status", "rejected"},
                   {"anthropic-ratelimit-unified-representative-claim", "seven_day_opus"},
                   {"anthropic-ratelimit-unified-reset", "1795431600"}})
            .model_only);
}

TEST_CASE("the last request of a window is known from a good answer") {
  const auto signal = read(200, {{"anthropic-ratelimit-requests-remaining", "0"},
                                 {"anthropic-ratelimit-requests-reset", "2026-11-23T10:00:40Z"}});
  CHECK(signal.used_up);
  CHECK(signal.model_only);
  CHECK(signal.retry_at == kNow + 40s);
  CHECK_FALSE(read(200, {{"anthropic-ratelimit-requests-remaining", "3"},
                         {"anthropic-ratelimit-requests-reset", "2026-11-23T10:00:40Z"}})
                  .used_up);
}

TEST_CASE("waits that vendors write into error bodies") {
  CHECK(provider::retry_in_body(R"({"error":{"details":[{"retryDelay": "34.5s"}]}})", kNow) == kNow + 34500ms);
  CHECK(provider::retry_in_body("Rate limit reached. Please try again in 1m2.5s.", kNow) == kNow + 62500ms);
  CHECK(provider::retry_in_body("try again in 250ms", kNow) == kNow + 1s);
  CHECK_FALSE(provider::retry_in_body("try again later", kNow));
}
