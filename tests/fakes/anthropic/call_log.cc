#include "tests/fakes/anthropic/call_log.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

namespace sluice::fakes {

namespace json = boost::json;

namespace {

std::int64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

const char* name_of(Ending ending) {
  switch (ending) {
    case Ending::kCompleted:
      return "completed";
    case Ending::kInterrupted:
      return "interrupted";
    case Ending::kPeerLeft:
      return "peer-left";
  }
  return "";
}

}  // namespace

void CallLog::opened(const Script& script) {
  const std::lock_guard lock(mutex_);
  if (size_ == 0) return;
  records_.push_back({.number = script.caller.number,
                      .account = script.caller.credential,
                      .model = script.model,
                      .tags = script.caller.tags,
                      .status = script.status,
                      .stream = script.stream,
                      .start_ms = unix_ms(),
                      .usage = script.usage});
  // Threads may come in another order than their numbers.
  for (std::size_t i = records_.size() - 1; i > 0 && records_[i - 1].number > records_[i].number; --i)
    std::swap(records_[i - 1], records_[i]);
  while (records_.size() > size_)
    records_.pop_front();
}

void CallLog::ended(const Script& script, Ending ending, std::uint64_t deltas) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::lower_bound(records_, script.caller.number, {}, &Record::number);
  if (found == records_.end() || found->number != script.caller.number) return;
  found->end = name_of(ending);
  found->end_ms = unix_ms();
  found->deltas = deltas;
}

std::string CallLog::json(std::uint64_t since) {
  const std::lock_guard lock(mutex_);
  json::array out;
  for (const Record& record : records_) {
    if (record.number <= since) continue;
    json::array tags(record.tags.begin(), record.tags.end());
    out.push_back({{"number", record.number},
                   {"account", record.account},
                   {"model", record.model},
                   {"tags", std::move(tags)},
                   {"status", record.status},
                   {"stream", record.stream},
                   {"startMs", record.start_ms},
                   {"endMs", record.end_ms},
                   {"end", record.end},
                   {"deltas", record.deltas},
                   {"inputTokens", record.usage.input},
                   {"outputTokens", record.usage.output}});
  }
  return json::serialize(out);
}

void CallLog::reset(const std::size_t* size) {
  const std::lock_guard lock(mutex_);
  if (size != nullptr) size_ = *size;
  records_.clear();
}

}  // namespace sluice::fakes
