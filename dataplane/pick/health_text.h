// How workers tell one another of a block: one line of text, in Redis. Plain code.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/pick/health.h"

namespace sluice::pick {

// "<account> <until, ms> <reason> <soft> <status> <credential revision> <model>"; the model may be empty.
[[nodiscard]] std::string to_text(const HealthNews& news);
// Nothing for any other text: newer nodes may say things that this build does not know.
[[nodiscard]] std::optional<HealthNews> news_from(std::string_view text);

}  // namespace sluice::pick
