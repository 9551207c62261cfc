#include <fmt/core.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <set>

#include "common/base/random.h"
#include "controlplane/sluicectl/doctor_checks.h"

namespace sluice::sluicectl::doctor {

using namespace std::chrono_literals;

namespace {

constexpr auto kSkew = 5s;
constexpr auto kSilent = 35s;          // a node reports far more often
constexpr auto kOldJournal = 5min;     // usage that waits for so long is stuck
constexpr std::int64_t kBehind = 100;  // versions of the config

void check_node(Visit& visit, const boost::json::object& node, std::int64_t newest) {
  const std::string name = "node " + text(node, "id");
  const auto silent = visit.now() - moment(node, "last_seen_at").value_or(SystemTime{});
  if (silent > kSilent) {
    return visit.warn(fmt::format("{}: silent for {}", name, ago(silent)),
                      "start it, or forget it with sluicectl delete node");
  }
  if (flag(node, "draining")) {
    visit.ok(name + ": draining");
  } else if (!flag(node, "ready")) {
    visit.fail(name + ": not ready", "see its log, and its /readyz");
  }
  if (const std::int64_t behind = newest - number(node, "config_version"); behind > kBehind) {
    visit.warn(fmt::format("{}: {} versions of the config behind", name, behind), "see its log for rejected config");
  }
  if (const std::string rejected = text(node, "rejections"); !rejected.empty() && rejected != "[]") {
    visit.warn(fmt::format("{}: rejected config: {}", name, rejected), "correct those objects");
  }
  const auto oldest = std::chrono::milliseconds(number(node, "journal_oldest_ms"));
  if (oldest > kOldJournal) {
    visit.warn(
        fmt::format("{}: {} usage records wait, the oldest for {}", name, number(node, "journal_records"), ago(oldest)),
        "see the control plane's log for refused usage");
  }
}

}  // namespace

std::optional<SystemTime> moment(const boost::json::object& row, std::string_view field) {
  google::protobuf::Timestamp time;
  if (!google::protobuf::util::TimeUtil::FromString(text(row, field), &time)) return std::nullopt;
  return SystemTime(std::chrono::microseconds(google::protobuf::util::TimeUtil::TimestampToMicroseconds(time)));
}

// The server says its time when it makes an object: one that it makes without effect.
void check_clock(Visit& visit) {
  const auto before = std::chrono::steady_clock::now();
  const boost::json::object group{{"name", "doctor-" + random_base62(8)}};
  auto answer = visit.client().call("CreateGroup", {{"group", group}}, {.dry_run = true});
  const auto took = std::chrono::steady_clock::now() - before;
  const auto theirs = answer ? moment(answer->at("group").as_object(), "created_at") : std::nullopt;
  if (!theirs) {
    return visit.warn("clock: not compared: " + (answer ? "no time in the answer" : answer.error().message),
                      "use a token with groups.write");
  }
  const auto ours = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto skew = *theirs - ours;
  if (skew > kSkew || skew < -kSkew - took) {
    visit.warn(fmt::format("clock: the server's is {} {} this machine's", ago(skew > 0s ? skew : -skew),
                           skew > 0s ? "ahead of" : "behind"),
               "run an NTP client on both");
  } else {
    visit.ok("clock: agrees with the server's");
  }
}

void check_nodes(Visit& visit) {
  const std::size_t before = visit.count();
  const Rows* nodes = visit.rows("ListNodes");
  if (nodes == nullptr) return;
  std::int64_t newest = 0;
  std::set<std::string> builds;
  std::size_t connected = 0;
  for (const auto& node : *nodes) {
    newest = std::max(newest, number(node, "config_version"));
    if (visit.now() - moment(node, "last_seen_at").value_or(SystemTime{}) > kSilent) continue;
    builds.insert(text(node, "build"));
    ++connected;
  }
  for (const auto& node : *nodes)
    check_node(visit, node, newest);
  if (connected == 0) {
    visit.fail("nodes: none is connected", "start a data plane, with the control plane's address and node token");
  }
  if (builds.size() > 1) {
    std::string all;
    for (const std::string& build : builds)
      all += (all.empty() ? "" : ", ") + build;
    visit.warn("nodes: run different builds: " + all, "finish the upgrade");
  }
  visit.end_of_check(before, fmt::format("nodes: {} connected, all ready and up to date", connected));
}

void check_ledger(Visit& visit) {
  const Rows* checks = visit.rows("ListLedgerChecks", 1);
  if (checks == nullptr) return;
  if (checks->empty()) {
    return visit.warn("ledger: never checked",
                      "the control plane does it within minutes of its start: see its log if not");
  }
  const auto& last = checks->front();
  const auto age = visit.now() - moment(last, "at").value_or(SystemTime{});
  if (!flag(last, "balanced")) {
    visit.fail(fmt::format("ledger: the check {} ago found drift", ago(age)),
               "see sluicectl get ledger-checks -o yaml");
  } else if (age > 48h) {
    visit.warn(fmt::format("ledger: last checked {} ago", ago(age)), "see the control plane's log");
  } else {
    visit.ok(fmt::format("ledger: balanced, checked {} ago", ago(age)));
  }
}

void check_jobs(Visit& visit) {
  const std::size_t before = visit.count();
  const Rows* jobs = visit.rows("ListJobs");
  if (jobs == nullptr) return;
  for (const auto& job : *jobs) {
    if (text(job, "last_outcome") == "failed") {
      visit.fail(fmt::format("job {}: failed: {}", text(job, "name"), text(job, "last_error")),
                 "correct the cause; it is tried again");
    }
    const auto due = moment(job, "next_run_at");
    if (due && visit.now() - *due > 10min && text(job, "owner").empty()) {
      visit.warn(fmt::format("job {}: due for {} and nobody runs it", text(job, "name"), ago(visit.now() - *due)),
                 "see the control plane's log");
    }
  }
  visit.end_of_check(before, fmt::format("jobs: {}, none failing", jobs->size()));
}

}  // namespace sluice::sluicectl::doctor
