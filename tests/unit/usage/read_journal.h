// Looks into journals for tests.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "dataplane/usage/journal.h"

namespace sluice::usage::testing {

inline std::unique_ptr<Journal> open_or_fail(const std::filesystem::path& path, const Clock& clock,
                                             JournalOptions options = {}) {
  auto journal = Journal::open(path.string(), clock, options);
  if (!journal) FAIL(journal.error().message);
  return std::move(*journal);
}

// Every finished event by id.
inline std::map<std::string, v1::UsageEvent> contents(const Journal& journal) {
  std::map<std::string, v1::UsageEvent> events;
  EventKey from{};
  for (bool end = false; !end;) {
    const Journal::Scan scan = journal.scan(from, 1000);
    for (const FinishedRecord& finished : scan.records) {
      v1::JournalRecord record;
      REQUIRE(record.ParseFromString(finished.record));
      events[record.event().event_id()] = record.event();
    }
    end = scan.at_end;
  }
  return events;
}

}  // namespace sluice::usage::testing
