// The citation object of text blocks and of citations_delta. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace sluice::fakes {

std::string citation_json(std::string_view cited);

}  // namespace sluice::fakes
