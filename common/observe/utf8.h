// Makes any bytes valid UTF-8, as JSON demands. Free function, any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice::observe {

// Every byte that belongs to no well-formed sequence (RFC 3629) becomes U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

}  // namespace sluice::observe
