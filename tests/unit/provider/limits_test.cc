#include "dataplane/provider/anthropic/limits.h"

#include <catch2/catch.hpp>

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

TEST_CASE("each exhausted window of a subscription blocks until its own reset, the latest counts") {
  const auto signal = read(429, {{"anthropic-ratelimit-unified-status", "rejected"},
                                 {"anthropic-ratelimit-unified-reset", "1795431600"},
                                 {"anthropic-ratelimit-unified-5h-status", "rejected"},
                                 {"anthropic-ratelimit-unified-5h-reset", "1795431600"},
                                 {"anthropic-ratelimit-unified-7d-status", "rejected"},
                                 {"anthropic-ratelimit-unified-7d-reset", "2026-11-24T10:00:00Z"},
                                 {"retry-after", "5"}});
  CHECK(signal.retry_at == kNow + 24h);
  CHECK_FALSE(signal.model_only);
  CHECK(read(429, {{"Anthropic-Ratelimit-Unified-5h-Status", "rejected"},
                   {"Anthropic-Ratelimit-Unified-5h-Reset", "1795431600"},
                   {"Anthropic-Ratelimit-Unified-7d-Status", "allowed"},
                   {"Anthropic-Ratelimit-Unified-7d-Reset", "1795999999"}})
            .retry_at == kNow + 1h);
}

TEST_CASE("a window that a good answer used up is known before the next call") {
  const auto signal = read(200, {{"anthropic-ratelimit-unified-5h-status", "rejected"},
                                 {"anthropic-ratelimit-unified-5h-reset", "1795431600"}});
  CHECK(signal.used_up);
  CHECK(signal.retry_at == kNow + 1h);
  CHECK_FALSE(read(200, {{"anthropic-ratelimit-unified-5h-status", "rejected"},
                         {"anthropic-ratelimit-unified-5h-reset", "1795427999"}})
                  .retry_at);
}

TEST_CASE("what the vendor still serves beyond a window is not blocked") {
  const auto signal = read(200, {{"anthropic-ratelimit-unified-status", "allowed"},
                                 {"anthropic-ratelimit-unified-5h-status", "rejected"},
                                 {"anthropic-ratelimit-unified-5h-reset", "1795431600"},
                                 {"anthropic-ratelimit-unified-overage-status", "allowed"}});
  CHECK_FALSE(signal.used_up);
  CHECK_FALSE(signal.retry_at);
  CHECK_FALSE(read(200, {{"anthropic-ratelimit-unified-overage-status", "rejected"},
                         {"anthropic-ratelimit-unified-overage-reset", "1795431600"}})
                  .retry_at);
}

TEST_CASE("a window of a family of models blocks the model, unless one of the account is exhausted too") {
  std::vector<http::Field> fields = {{"anthropic-ratelimit-unified-status", "rejected"},
                                     {"anthropic-ratelimit-unified-reset", "1795514400"},
                                     {"anthropic-ratelimit-unified-7d_opus-status", "rejected"},
                                     {"anthropic-ratelimit-unified-7d_opus-reset", "1795514400"},
                                     {"anthropic-ratelimit-unified-5h-status", "allowed"},
                                     {"anthropic-ratelimit-unified-5h-reset", "1795431600"}};
  const auto family = read(429, fields);
  CHECK(family.model_only);
  CHECK(family.retry_at == kNow + 24h);
  fields[4].value = "rejected";
  fields.push_back({"anthropic-ratelimit-unified-representative-claim", "seven_day_opus"});
  const auto both = read(429, fields);
  CHECK_FALSE(both.model_only);
  CHECK(both.retry_at == kNow + 1h);
}

TEST_CASE("a refusal without any status lasts until the reset it names") {
  CHECK(read(429, {{"anthropic-ratelimit-unified-reset", "2026-11-23T12:30:00+02:00"}}).retry_at == kNow + 30min);
  CHECK_FALSE(read(200, {{"anthropic-ratelimit-unified-reset", "2026-11-23T12:30:00+02:00"}}).retry_at);
  // The windows are not why: only how long to wait is stated.
  CHECK(read(429, {{"anthropic-ratelimit-unified-status", "allowed_warning"},
                   {"anthropic-ratelimit-unified-reset", "1795514400"},
                   {"retry-after", "7"}})
            .retry_at == kNow + 7s);
}

TEST_CASE("how much of its windows an account has used is read from every answer") {
  const auto signal = read(200, {{"anthropic-ratelimit-unified-status", "allowed"},
                                 {"anthropic-ratelimit-unified-7d-utilization", "1.02"},
                                 {"anthropic-ratelimit-unified-5h-utilization", "0.37"}});
  CHECK(signal.windows[0].name == "5h");
  CHECK(signal.windows[0].used == Approx(0.37));
  CHECK(signal.windows[1].name == "7d");
  CHECK(signal.windows[1].used == Approx(1.02));
  for (const char* odd : {"", "nan", "-1", "0.3x", "1e9"})
    CHECK(read(200, {{"anthropic-ratelimit-unified-5h-utilization", odd}}).windows[0].name.empty());
}

TEST_CASE("an API key's last limit to come back decides") {
  CHECK(read(429, {{"anthropic-ratelimit-input-tokens-remaining", "0"},
                   {"anthropic-ratelimit-input-tokens-reset", "2026-11-23T10:01:00Z"},
                   {"anthropic-ratelimit-output-tokens-remaining", "0"},
                   {"anthropic-ratelimit-output-tokens-reset", "2026-11-23T10:00:20Z"},
                   {"retry-after", "1"}})
            .retry_at == kNow + 60s);
}

TEST_CASE("a wait in the body counts where no header states one") {
  const std::string_view body = R"({"error":{"message":"Please retry in 12.5s"}})";
  CHECK(read(429, {}, body).retry_at == kNow + 12500ms);
  CHECK(read(429, {{"retry-after", "3"}}, body).retry_at == kNow + 3s);
}
