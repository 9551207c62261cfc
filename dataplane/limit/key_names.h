// Every name that the limits use in Redis; no script builds one. All keys share one hash tag, so that a script may
// touch any of them. The prefix carries the version of scripts and data. Immutable; any thread.
//
// A scope is "user:<id>", "key:<id>" or "account:<id>"; an owner is "<node>/<worker>"; a member, which is who holds a
// slot or waits for one, is "<owner>:<request id>". Request ids contain no colon.
#pragma once

#include <string>
#include <string_view>

namespace sluice::limit {

class KeyNames {
 public:
  explicit KeyNames(std::string_view prefix = "sluice:2:");

  // ZSET: member -> Redis millisecond in which its lease ends.
  [[nodiscard]] std::string slots(std::string_view scope) const { return with("slots:", scope); }
  // ZSET: member -> ticket (Redis time in microseconds when it first asked). Entries may be stale.
  [[nodiscard]] std::string queue(std::string_view scope) const { return with("queue:", scope); }
  // Matches every key of that kind, for SCAN.
  [[nodiscard]] std::string all_slots() const { return with("slots:", "*"); }
  [[nodiscard]] std::string all_queues() const { return with("queue:", "*"); }
  // STRING "<debt>:<Redis microsecond>": GCRA in whole numbers; one request or token is a debt of 60,000,000, which the
  // limit per minute works off every microsecond.
  [[nodiscard]] std::string request_rate(std::string_view scope) const { return with("rate:", scope, ":requests"); }
  [[nodiscard]] std::string token_rate(std::string_view scope) const { return with("rate:", scope, ":tokens"); }
  // HASH bal, ver, total, h:<owner>, u:<node>, t:<owner or node>. `purse` is "user:<id>" or "key:<id>:<window>".
  [[nodiscard]] std::string purse(std::string_view purse) const { return with("purse:", purse); }
  // STRING: id of the account that a conversation is bound to.
  [[nodiscard]] std::string sticky(std::string_view hash) const { return with("sticky:", hash); }
  // ZSET: member -> Redis millisecond until which it is believed to wait. Its only entry, however many queues it is in.
  [[nodiscard]] const std::string& waiting() const { return waiting_; }
  // HASH: account id -> Redis millisecond of its last grant.
  [[nodiscard]] const std::string& used() const { return used_; }
  // STRING "<id>:<Redis millisecond until which nothing is admitted>:<run id of Redis>".
  [[nodiscard]] const std::string& epoch() const { return epoch_; }
  // HASH: what is known about the health of accounts.
  [[nodiscard]] const std::string& health() const { return health_; }

  // Channels. A worker listens on its own wake channel to "<request id> <scope>": the request now holds a slot there.
  [[nodiscard]] std::string wake_channel(std::string_view owner) const { return wake_prefix_ + std::string(owner); }
  [[nodiscard]] const std::string& wake_prefix() const { return wake_prefix_; }
  [[nodiscard]] const std::string& health_channel() const { return health_channel_; }

 private:
  [[nodiscard]] std::string with(std::string_view kind, std::string_view id, std::string_view end = "") const;

  std::string tagged_;  // "sluice:2:{f}:"
  std::string waiting_;
  std::string used_;
  std::string epoch_;
  std::string health_;
  std::string wake_prefix_;
  std::string health_channel_;
};

}  // namespace sluice::limit
