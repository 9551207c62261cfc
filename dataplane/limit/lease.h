// The right to run one request within a limit. Given back when destroyed, on whatever path. One worker.
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace sluice::limit {

class SlotTable;

class Lease {
 public:
  Lease() = default;  // holds nothing
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      table_ = std::move(other.table_);
      scope_ = std::move(other.scope_);
      member_ = std::move(other.member_);
    }
    return *this;
  }
  ~Lease() { release(); }

  // Whether there is something to give back; false for an unlimited one.
  [[nodiscard]] bool held() const { return table_ != nullptr; }
  // Gives it back now. Does not wait for Redis.
  void release() noexcept;

 private:
  friend class SlotTable;
  Lease(std::shared_ptr<SlotTable> table, std::string scope, std::string member)
      : table_(std::move(table)), scope_(std::move(scope)), member_(std::move(member)) {}

  std::shared_ptr<SlotTable> table_;
  std::string scope_;
  std::string member_;
};

}  // namespace sluice::limit
