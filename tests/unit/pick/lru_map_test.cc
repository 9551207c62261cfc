#include "dataplane/pick/lru_map.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <vector>

using sluice::pick::LruMap;

TEST_CASE("an LRU map does what a list with the newest in front does") {
  std::mt19937 random(3);
  LruMap<int, int> map(8);
  std::vector<std::pair<int, int>> model;  // newest first
  for (int step = 0; step < 20'000; ++step) {
    const int key = static_cast<int>(random() % 12);
    const auto at = std::ranges::find(model, key, &std::pair<int, int>::first);
    const bool held = at != model.end();
    switch (random() % 3) {
      case 0: {
        const int* found = map.find(key);
        REQUIRE((found != nullptr) == held);
        if (!held) break;
        REQUIRE(*found == at->second);
        std::rotate(model.begin(), at, at + 1);
        break;
      }
      case 1:
        REQUIRE(map.put(key, step) == step);
        if (held) model.erase(at);
        model.insert(model.begin(), {key, step});
        if (model.size() > 8) model.pop_back();
        break;
      default:
        map.erase(key);
        if (held) model.erase(at);
    }
    REQUIRE(map.size() == model.size());
    if (!model.empty()) REQUIRE(map.oldest() == model.back().second);
  }
}
