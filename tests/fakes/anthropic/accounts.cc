#include "tests/fakes/anthropic/accounts.h"

#include <algorithm>
#include <boost/json.hpp>

namespace sluice::fakes {

namespace json = boost::json;

namespace {

constexpr std::string_view kSteeringKey = "sk-fake:";

}  // namespace

void Accounts::steer(std::string_view credential, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (text.empty()) {
    if (const auto found = steering_.find(credential); found != steering_.end()) steering_.erase(found);
    return;
  }
  steering_.insert_or_assign(std::string(credential), std::string(text));
}

void Accounts::steer_none() {
  const std::lock_guard lock(mutex_);
  steering_.clear();
}

std::string Accounts::steering(std::string_view credential) {
  const std::lock_guard lock(mutex_);
  if (const auto found = steering_.find(credential); found != steering_.end()) return found->second;
  return credential.starts_with(kSteeringKey) ? std::string(credential.substr(kSteeringKey.size())) : std::string();
}

void Accounts::opened(const Caller& caller, int status) {
  const std::lock_guard lock(mutex_);
  open_one(accounts_[caller.credential], status);
  for (const std::string& tag : caller.tags)
    open_one(tags_[tag], status);
}

void Accounts::ended(const Caller& caller, Ending ending, const Usage& usage) {
  const std::lock_guard lock(mutex_);
  end_one(accounts_[caller.credential], ending, usage);
  for (const std::string& tag : caller.tags)
    end_one(tags_[tag], ending, usage);
}

void Accounts::open_one(Count& count, int status) {
  ++count.requests;
  ++count.by_status[status];
  count.peak_open = std::max(count.peak_open, ++count.open);
}

void Accounts::end_one(Count& count, Ending ending, const Usage& usage) {
  --count.open;
  if (ending == Ending::kCompleted) {
    ++count.completed;
    count.input += usage.input;
    count.output += usage.output;
  } else {
    ++(ending == Ending::kPeerLeft ? count.peer_left : count.interrupted);
  }
}

std::string Accounts::json() {
  const auto objects = [](const Counts& counts) {
    json::object out;
    for (const auto& [name, count] : counts) {
      json::object statuses;
      for (const auto& [status, number] : count.by_status)
        statuses[std::to_string(status)] = number;
      out[name] = {{"requests", count.requests},  {"completed", count.completed}, {"interrupted", count.interrupted},
                   {"peerLeft", count.peer_left}, {"open", count.open},           {"peakOpen", count.peak_open},
                   {"inputTokens", count.input},  {"outputTokens", count.output}, {"byStatus", std::move(statuses)}};
    }
    return out;
  };
  const std::lock_guard lock(mutex_);
  return json::serialize(json::object{{"accounts", objects(accounts_)}, {"tags", objects(tags_)}});
}

void Accounts::reset() {
  const std::lock_guard lock(mutex_);
  reset_one(accounts_);
  reset_one(tags_);
}

void Accounts::reset_one(Counts& counts) {
  for (auto it = counts.begin(); it != counts.end();) {
    const std::int64_t open = it->second.open;
    it->second = Count{};
    it->second.open = it->second.peak_open = open;
    it = open == 0 ? counts.erase(it) : std::next(it);
  }
}

}  // namespace sluice::fakes
