// Words and times of live messages. Pure; any thread.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string_view>

#include "common/base/clock.h"

namespace sluice::live {

// Of a sluice.config.v1.AccountHealthReason; "unknown" for one of a newer build.
[[nodiscard]] std::string_view block_word(std::int32_t reason);
// Of a sluice.usage.v1.Outcome.
[[nodiscard]] std::string_view outcome_word(std::int32_t outcome);

[[nodiscard]] google::protobuf::Timestamp to_timestamp(SystemTime at);

}  // namespace sluice::live
