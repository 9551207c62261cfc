#include "controlplane/usage/sources.h"

#include <algorithm>

namespace sluice::usage {

namespace {

using std::chrono::minutes;

struct Level {
  minutes bucket;
  // Margin for the job that drops what is older.
  SystemTime oldest;
};

Level level_of(Source source, SystemTime now) {
  switch (source) {
    case Source::kDays:
      return {minutes(24 * 60), SystemTime::min()};
    case Source::kQuarters:
      return {minutes(15), now - kQuartersKept + std::chrono::days(1)};
    default:
      return {minutes(1), now - kMinutesKept + std::chrono::days(1)};
  }
}

SystemTime up(SystemTime at, minutes bucket) {
  const auto past = at.time_since_epoch() % std::chrono::duration_cast<SystemTime::duration>(bucket);
  return past.count() == 0 ? at : at - past + bucket;
}

SystemTime down(SystemTime at, minutes bucket) {
  return at - at.time_since_epoch() % std::chrono::duration_cast<SystemTime::duration>(bucket);
}

void split(SystemTime from, SystemTime until, Source source, SystemTime now, std::vector<Piece>& out) {
  if (from >= until) return;
  if (source == Source::kEvents) {
    out.push_back({source, from, until});
    return;
  }
  const Source finer = static_cast<Source>(static_cast<int>(source) + 1);
  const Level level = level_of(source, now);
  const SystemTime first = up(std::max(from, level.oldest), level.bucket);
  const SystemTime last = down(until, level.bucket);
  if (first >= last) {
    split(from, until, finer, now, out);
    return;
  }
  split(from, first, finer, now, out);
  out.push_back({source, first, last});
  split(last, until, finer, now, out);
}

}  // namespace

std::vector<Piece> pieces_of(SystemTime from, SystemTime until, Source coarsest, SystemTime now) {
  std::vector<Piece> out;
  split(from, until, coarsest, now, out);
  return out;
}

}  // namespace sluice::usage
