#include "controlplane/usage/sources.h"

#include <catch2/catch.hpp>
#include <random>

#include "controlplane/usage/histogram.h"

using namespace sluice;
using namespace sluice::usage;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const SystemTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + hours(12);

minutes bucket_of(Source source) {
  return source == Source::kDays ? minutes(24 * 60) : source == Source::kQuarters ? minutes(15) : minutes(1);
}

}  // namespace

TEST_CASE("a range is covered once, each part by the coarsest sums that are there") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 2'000; ++i) {
    const SystemTime from = kNow - seconds(random() % (200ULL * 86'400)) - std::chrono::microseconds(random() % 3);
    const SystemTime until = from + seconds(1 + random() % (3ULL * 86'400));
    const auto coarsest = static_cast<Source>(random() % 4);
    SystemTime at = from;
    for (const Piece& piece : pieces_of(from, until, coarsest, kNow)) {
      REQUIRE(piece.from == at);
      REQUIRE(piece.until > piece.from);
      REQUIRE(piece.source >= coarsest);
      if (piece.source != Source::kEvents) {
        const auto bucket = std::chrono::duration_cast<SystemTime::duration>(bucket_of(piece.source));
        REQUIRE(piece.from.time_since_epoch() % bucket == SystemTime::duration(0));
        REQUIRE(piece.until.time_since_epoch() % bucket == SystemTime::duration(0));
      }
      if (piece.source == Source::kMinutes) REQUIRE(piece.from >= kNow - kMinutesKept);
      if (piece.source == Source::kQuarters) REQUIRE(piece.from >= kNow - kQuartersKept);
      at = piece.until;
    }
    REQUIRE(at == until);
  }
}

TEST_CASE("whole days of long ago need no events") {
  const auto pieces =
      pieces_of(kNow - hours(24 * 300) - hours(12), kNow - hours(24 * 200) - hours(12), Source::kDays, kNow);
  REQUIRE(pieces.size() == 1);
  CHECK(pieces[0].source == Source::kDays);
}

TEST_CASE("percentiles of buckets are 9.1 % off at most") {
  std::mt19937_64 random(6);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::int64_t> values;
    Histogram histogram;
    for (std::uint64_t n = 1 + random() % 200; n > 0; --n) {
      values.push_back(1 + static_cast<std::int64_t>(random() % (1ULL << (1 + random() % 35))));
      histogram.add(static_cast<std::int32_t>(4 * std::log2(static_cast<double>(values.back()))), 1);
    }
    std::ranges::sort(values);
    const Percentiles found = histogram.percentiles();
    const auto exact = [&](std::size_t per_cent) {
      return Approx(static_cast<double>(values[(values.size() * per_cent + 99) / 100 - 1])).epsilon(0.091).margin(0.5);
    };
    CHECK(static_cast<double>(found.p50_us) == exact(50));
    CHECK(static_cast<double>(found.p90_us) == exact(90));
    CHECK(static_cast<double>(found.p99_us) == exact(99));
  }
  CHECK(Histogram().percentiles().p50_us == 0);
}
