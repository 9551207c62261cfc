// How workers tell one another of a block and of its end: one line of text, in Redis. Plain code.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/pick/health_news.h"

namespace sluice::pick {

// "<account> <until, ms> <reason> <soft> <status> <credential revision> <model>"; the model may be empty.
[[nodiscard]] std::string to_text(const HealthNews& news);
// "end <account> <until, ms> <reason> <credential revision> <model>"
[[nodiscard]] std::string to_text(const HealthEnd& end);

// Nothing for any other text: newer nodes may say things that this build does not know.
[[nodiscard]] std::optional<HealthNews> news_from(std::string_view text);
[[nodiscard]] std::optional<HealthEnd> end_from(std::string_view text);

}  // namespace sluice::pick
