// The second line of defence against secrets in logs; the first is the type Secret. Free function, any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice::observe {

// The text with what looks like an API key ("sk-...") or a bearer token replaced by "[redacted]".
[[nodiscard]] std::string redact(std::string_view text);

}  // namespace sluice::observe
