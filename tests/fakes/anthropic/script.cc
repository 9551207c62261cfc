#include "tests/fakes/anthropic/script.h"

#include <algorithm>
#include <utility>

namespace sluice::fakes {

void Script::slice(std::size_t size) {
  std::vector<Step> sliced;
  for (const Step& step : steps_) {
    for (std::size_t at = 0; at < step.bytes.size(); at += size) {
      const std::string_view piece = step.bytes.substr(at, size);
      const bool last = at + piece.size() == step.bytes.size();
      sliced.push_back({piece, at == 0 ? std::max(step.delay_ms, 1u) : 1u, last ? step.deltas : 0});
    }
  }
  steps_ = std::move(sliced);
}

void Script::truncate(std::uint64_t size) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (size < steps_[i].bytes.size()) {
      steps_[i].bytes = steps_[i].bytes.substr(0, size);
      steps_.resize(i + 1);
      return;
    }
    size -= steps_[i].bytes.size();
  }
}

}  // namespace sluice::fakes
