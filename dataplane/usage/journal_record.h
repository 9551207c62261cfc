// How an event is kept in the journal: key, bytes, and what a crash makes of it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "dataplane/usage/journal.h"

namespace sluice::usage {

[[nodiscard]] Result<EventKey> key_of(const v1::UsageEvent& event);
[[nodiscard]] EventKey to_key(std::string_view bytes);  // bytes.size() == 16
[[nodiscard]] inline std::string_view view(const EventKey& key) {
  return {key.data(), key.size()};
}
[[nodiscard]] SystemTime time_of(const EventKey& key);

// The next key in order; the greatest key is its own successor.
[[nodiscard]] EventKey after(EventKey key);

// Overwrites `into` with a serialized v1::JournalRecord, without copying the event first.
void encode_record(v1::JournalRecord::Stage stage, const v1::UsageEvent& event, std::string& into);

// Without parsing the whole; STAGE_UNSPECIFIED if it is no record.
[[nodiscard]] v1::JournalRecord::Stage stage_of(std::string_view record);

// The written policy for a request whose node died: tokens and price lines of the last PROGRESS, outcome NODE_CRASH,
// usage PARTIAL; nothing seen is ABSENT and costs 0.
void finish_after_crash(v1::JournalRecord& record, SystemTime now);

}  // namespace sluice::usage
