#include "dataplane/provider/limits/wait_text.h"

#include <catch2/catch.hpp>

#include "dataplane/provider/limits/moment.h"

using namespace sluice;
using namespace sluice::provider;
using namespace std::chrono_literals;

namespace {

// 2026-11-23T10:00:00Z
const SystemTime kNow{std::chrono::seconds(1'795'428'000)};

}  // namespace

TEST_CASE("moments are RFC 3339 with any offset and fraction, or seconds since 1970") {
  for (const char* same :
       {"2026-11-23T10:00:00Z", "2026-11-23T12:00:00+02:00", "2026-11-23T04:30:00-05:30", "2026-11-23t10:00:00z",
        "2026-11-23 10:00:00Z", "2026-11-23T10:00:00.000Z", "2026-11-24T00:00:00+1400", "1795428000", "1795428000.0"}) {
    INFO(same);
    CHECK(moment(same) == kNow);
  }
  CHECK(moment("2026-11-23T10:00:00.25Z") == kNow + 250ms);
  CHECK(moment("2026-11-23T12:00:00.123456789+02:00") == kNow + 123456us);
  CHECK(moment("2028-02-29T00:00:00Z"));
}

TEST_CASE("what is not a moment is none") {
  for (const char* odd : {"",
                          "soon",
                          "-1",
                          "nan",
                          "inf",
                          "1e12",
                          "99999999999999",
                          "2026-11-23",
                          "2026-11-23T10:00:00",
                          "2026-11-23T10:00:00.Z",
                          "2026-11-23T10:00:00+02",
                          "2026-11-23T10:00:00+2:00",
                          "2026-11-23T10:00:00+24:00",
                          "2026-11-23T10:00:00Zulu",
                          "2026-13-01T00:00:00Z",
                          "2026-02-30T00:00:00Z",
                          "2026-11-23T24:00:00Z",
                          "2026-11-23T10:60:00Z",
                          "1969-12-31T23:59:59Z",
                          "2026-1-23T10:00:00Z",
                          "+026-11-23T10:00:00Z"}) {
    INFO(odd);
    CHECK_FALSE(moment(odd));
  }
}

TEST_CASE("durations are those of Go, and words") {
  CHECK(duration("34s") == 34.0);
  CHECK(*duration("1m2.5s.") == Approx(62.5));
  CHECK(*duration("539.477544ms") == Approx(0.539477544));
  CHECK(duration("2h7m23s") == 7643.0);
  CHECK(duration("20 seconds") == 20.0);
  CHECK(duration("1 minute, then") == 60.0);
  CHECK(duration("2 days") == 172'800.0);
  CHECK(duration("6m0s") == 360.0);
  CHECK(duration("3m9x") == 180.0);
  for (const char* odd : {"", "20", "s", "5 models", "later", "-3s"}) {
    INFO(odd);
    CHECK_FALSE(duration(odd));
  }
}

TEST_CASE("waits that vendors write into sentences") {
  CHECK(retry_in_body("Rate limit reached. Please try again in 1m2.5s.", kNow) == kNow + 62500ms);
  CHECK(retry_in_body("Rate limit reached for gpt in org. Please try again in 1m2s. Visit", kNow) == kNow + 62s);
  CHECK(retry_in_body("You exceeded your current quota. Please retry in 12.5s.", kNow) == kNow + 12500ms);
  CHECK(retry_in_body("Please retry after 26 seconds.", kNow) == kNow + 26s);
  CHECK(retry_in_body("TRY AGAIN IN 3h", kNow) == kNow + 3h);
  CHECK(retry_in_body("Your quota will reset after 2h7m23s.", kNow) == kNow + 7643s);
  CHECK(retry_in_body("try again in 250ms", kNow) == kNow + 1s);
  CHECK(retry_in_body("try again in a while, that is: try again in 9s", kNow) == kNow + 9s);
  CHECK(retry_in_body("try again in 900000000000 days", kNow) == kNow + std::chrono::days(7));
  for (const char* none : {"", "try again later", "try again in 5 ways", "retry in ", "try again in"}) {
    INFO(none);
    CHECK_FALSE(retry_in_body(none, kNow));
  }
}

TEST_CASE("Google's details name the wait, the latest counts, and they go before sentences") {
  CHECK(retry_in_body(R"({"error":{"details":[{"retryDelay": "34.5s"}]}})", kNow) == kNow + 34500ms);
  CHECK(retry_in_body(R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"})", kNow) ==
        kNow + 34s);
  CHECK(retry_in_body(R"({"metadata":{"quotaResetDelay":"539.477544ms"}})", kNow) == kNow + 1s);
  CHECK(retry_in_body(R"({"metadata":{"quotaResetTimeStamp":"2026-11-23T10:00:40.5Z"}})", kNow) == kNow + 40500ms);
  const std::string_view all = R"({"error":{"message":"Please retry in 3s.","details":[
    {"metadata":{"quotaResetDelay":"1h","quotaResetTimeStamp":"2026-11-23T12:59:00+02:00"}},
    {"retryDelay":"34s"}]}})";
  CHECK(retry_in_body(all, kNow) == kNow + 1h);
  CHECK(retry_in_body(R"({"retryDelay":{},"message":"retry in 3s"})", kNow) == kNow + 3s);
  // An error that is quoted inside of another one.
  CHECK(retry_in_body(R"({"message":"{\"retryDelay\": \"34s\"}"})", kNow) == kNow + 34s);
}
