// A fresh Redis with a live epoch, and short ways to call the scripts. Calls REQUIRE that the script worked.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "dataplane/limit/calls.h"
#include "tests/integration/limit/blocking_redis.h"
#include "tests/support/redis_server.h"

namespace sluice::limit {

class ScriptsFixture {
 public:
  ScriptsFixture() : redis(server.socket_path()), wakes(server.socket_path()) {
    found(std::chrono::milliseconds(0));
    REQUIRE(wakes.command({"PSUBSCRIBE", names.wake_channel("*")}));
  }

  redis::Reply run(const ScriptCall& call) {
    const Result<redis::Reply> reply = redis.run(call);
    INFO((reply ? "" : reply.error().message));
    REQUIRE(reply);
    return *reply;
  }
  template <class T>
  static T value(Result<T> result) {
    INFO((result ? "" : result.error().message));
    REQUIRE(result);
    return std::move(*result);
  }

  AdmitOutcome admit(const AdmitAsk& ask) { return value(parse_admit(run(admit_call(names, ask)))); }
  AdmitGranted granted(const AdmitAsk& ask) { return as<AdmitGranted>(admit(ask)); }
  AdmitWaiting waiting(const AdmitAsk& ask) { return as<AdmitWaiting>(admit(ask)); }
  AdmitRefused refused(const AdmitAsk& ask) { return as<AdmitRefused>(admit(ask)); }
  void settle(const SettleAsk& ask) { run(settle_call(names, ask)); }
  void release(std::string_view member, std::string_view scope, std::uint32_t limit) {
    const ScopeLimit slot{scope, limit};
    settle({.member = member, .owner = "n/0", .node = "n", .slots = {&slot, 1}, .purses = {}, .tokens = {}});
  }
  void leave(std::string_view member, std::string_view scope, std::uint32_t limit) {
    const ScopeLimit left{scope, limit};
    run(leave_call(names, {.member = member, .scopes = {&left, 1}}));
  }
  FoundOutcome found(std::chrono::milliseconds quarantine, std::string_view run_id = "run1",
                     std::string_view id = "epoch1") {
    return value(parse_found(run(found_call(names, {.epoch_id = id, .run_id = run_id, .quarantine = quarantine}))));
  }

  template <class T>
  static T as(const AdmitOutcome& outcome) {
    INFO("outcome " << outcome.index());
    REQUIRE(std::holds_alternative<T>(outcome));
    return std::get<T>(outcome);
  }

  // Every wake-up since the last call, as "<owner> <request> <scope>".
  std::vector<std::string> woken() {
    REQUIRE(redis.command({"PUBLISH", names.wake_channel("end"), ""}));
    std::vector<std::string> texts;
    for (auto message = wakes.next_message(); message.channel != names.wake_channel("end");
         message = wakes.next_message()) {
      texts.push_back(message.channel.substr(names.wake_prefix().size()) + " " + message.text);
    }
    return texts;
  }
  // The lease of a member ends now.
  void expire(const std::string& key, std::string_view member) {
    REQUIRE(redis.command({"ZADD", key, "XX", "1", std::string(member)}));
  }
  bool in(const std::string& key, std::string_view member) {
    return !redis.text({"ZSCORE", key, std::string(member)}).empty();
  }
  std::map<std::string, std::string> hash(const std::string& key) {
    std::map<std::string, std::string> fields;
    const std::vector<std::string> flat = redis.list({"HGETALL", key});
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
      fields[flat[i]] = flat[i + 1];
    return fields;
  }

  testing::RedisServer server;
  KeyNames names;
  testing::BlockingRedis redis;
  testing::BlockingRedis wakes;
};

}  // namespace sluice::limit
