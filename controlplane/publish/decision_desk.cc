#include "controlplane/publish/decision_desk.h"

namespace sluice::publish {

std::uint64_t DecisionDesk::open() {
  const std::lock_guard lock(mutex_);
  questions_.emplace(++last_, Question());
  return last_;
}

void DecisionDesk::answer(std::uint64_t query_id, const std::string& node_id, const std::string& record) {
  {
    const std::lock_guard lock(mutex_);
    const auto question = questions_.find(query_id);
    if (question == questions_.end()) return;
    ++question->second.answers;
    if (!record.empty() && !question->second.found) question->second.found = {.node_id = node_id, .record = record};
  }
  answered_.notify_all();
}

std::optional<NodeDecision> DecisionDesk::wait(std::uint64_t query_id, std::size_t asked,
                                               std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  const auto question = questions_.find(query_id);
  if (question == questions_.end()) return std::nullopt;
  answered_.wait_for(lock, limit,
                     [&] { return question->second.found.has_value() || question->second.answers >= asked; });
  std::optional<NodeDecision> found = std::move(question->second.found);
  questions_.erase(question);
  return found;
}

}  // namespace sluice::publish
