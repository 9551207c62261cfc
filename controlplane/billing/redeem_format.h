// The shape of redeem codes: "SR-" and six groups of five characters of Crockford's base 32, 150 random bits. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/secret.h"

namespace sluice::billing {

[[nodiscard]] Secret generate_redeem_code();

// As people type it: without regard to case, dashes and spaces, with O for 0 and I or L for 1. The one spelling that is
// hashed; nullopt for what cannot be a code.
[[nodiscard]] std::optional<Secret> canonical_redeem_code(std::string_view typed);

}  // namespace sluice::billing
