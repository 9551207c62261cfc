#include "dataplane/usage/journal_record.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <cstring>

#include "common/base/uuid.h"
#include "dataplane/usage/pricing.h"

namespace sluice::usage {

namespace {

// Protobuf tags of JournalRecord: (field number << 3) | wire type.
constexpr std::uint8_t kStageTag = (v1::JournalRecord::kStageFieldNumber << 3) | 0;
constexpr std::uint8_t kEventTag = (v1::JournalRecord::kEventFieldNumber << 3) | 2;

void set_time(google::protobuf::Timestamp& into, SystemTime at) {
  const auto us = at.time_since_epoch().count();
  into.set_seconds(us / 1'000'000);
  into.set_nanos(static_cast<std::int32_t>(us % 1'000'000) * 1000);
}

bool any(const v1::TokenCounts& tokens) {
  return tokens.input() != 0 || tokens.output() != 0 || tokens.cache_read() != 0 || tokens.cache_write_5m() != 0 ||
         tokens.cache_write_1h() != 0;
}

}  // namespace

EventKey to_key(std::string_view bytes) {
  EventKey key{};
  std::memcpy(key.data(), bytes.data(), key.size());
  return key;
}

Result<EventKey> key_of(const v1::UsageEvent& event) {
  const Result<Uuid> id = Uuid::parse(event.event_id());
  if (!id) return fail("journal: event id", id.error());
  EventKey key{};
  std::memcpy(key.data(), id->bytes().data(), key.size());
  return key;
}

SystemTime time_of(const EventKey& key) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), key.data(), key.size());
  return Uuid(bytes).time();
}

EventKey after(EventKey key) {
  for (auto byte = key.rbegin(); byte != key.rend(); ++byte) {
    *byte = static_cast<char>(static_cast<unsigned char>(*byte) + 1);
    if (*byte != 0) return key;
  }
  key.fill('\xff');
  return key;
}

void encode_record(v1::JournalRecord::Stage stage, const v1::UsageEvent& event, std::string& into) {
  using google::protobuf::io::CodedOutputStream;
  const std::size_t event_size = event.ByteSizeLong();
  const auto length = static_cast<std::uint32_t>(event_size);
  into.resize(3 + CodedOutputStream::VarintSize32(length) + event_size);
  auto* at = reinterpret_cast<std::uint8_t*>(into.data());
  *at++ = kStageTag;
  *at++ = static_cast<std::uint8_t>(stage);
  *at++ = kEventTag;
  at = CodedOutputStream::WriteVarint32ToArray(length, at);
  event.SerializeWithCachedSizesToArray(at);
}

v1::JournalRecord::Stage stage_of(std::string_view record) {
  if (record.size() < 3 || static_cast<std::uint8_t>(record[0]) != kStageTag)
    return v1::JournalRecord::STAGE_UNSPECIFIED;
  const int stage = record[1];
  return v1::JournalRecord::Stage_IsValid(stage) ? static_cast<v1::JournalRecord::Stage>(stage)
                                                 : v1::JournalRecord::STAGE_UNSPECIFIED;
}

void finish_after_crash(v1::JournalRecord& record, SystemTime now) {
  v1::UsageEvent& event = *record.mutable_event();
  const bool seen = record.stage() == v1::JournalRecord::STAGE_PROGRESS && any(event.tokens());
  record.set_stage(v1::JournalRecord::STAGE_FINAL);
  event.set_outcome(v1::OUTCOME_NODE_CRASH);
  event.set_usage_state(seen ? v1::USAGE_STATE_PARTIAL : v1::USAGE_STATE_ABSENT);
  set_time(*event.mutable_ended_at(), now);
  event.set_cost_nano_usd(0);
  if (!seen) {
    event.clear_tokens();
    event.clear_lines();
    return;
  }
  if (const Result<std::int64_t> cost = cost_of_lines(event)) event.set_cost_nano_usd(*cost);
}

}  // namespace sluice::usage
