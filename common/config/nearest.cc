#include "common/config/nearest.h"

#include <algorithm>
#include <numeric>

namespace sluice::config {

namespace {

// Levenshtein distance: insertions, deletions and exchanges of one letter.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string>& words) {
  std::string_view best;
  std::size_t best_distance = SIZE_MAX;
  for (const std::string& candidate : words) {
    const std::size_t apart = distance(word, candidate);
    if (apart < best_distance && apart * 3 <= candidate.size()) {
      best = candidate;
      best_distance = apart;
    }
  }
  return best;
}

}  // namespace sluice::config
