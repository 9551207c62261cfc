// Questions to all nodes for a request's decision record, and who waits for the answers. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace sluice::publish {

struct NodeDecision {
  std::string node_id;
  std::string record;  // serialized sluice.usage.v1.DecisionRecord, as the node sent it
};

class DecisionDesk {
 public:
  // A new question; its id goes to the nodes.
  [[nodiscard]] std::uint64_t open();
  // A node's answer; empty: it has none. Passed over if nobody waits for it (any more).
  void answer(std::uint64_t query_id, const std::string& node_id, const std::string& record);
  // Waits for the first record, until all `asked` nodes have said that they have none, or for `limit`. Closes the
  // question.
  [[nodiscard]] std::optional<NodeDecision> wait(std::uint64_t query_id, std::size_t asked,
                                                 std::chrono::milliseconds limit);

 private:
  struct Question {
    std::size_t answers = 0;
    std::optional<NodeDecision> found;
  };

  std::mutex mutex_;
  std::condition_variable answered_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Question> questions_;
};

}  // namespace sluice::publish
