// Finds what a misspelt word was meant to be. Free function, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

// The word closest in spelling, if it is close at all: at most a third of its letters differ. Otherwise empty.
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace sluice::config
