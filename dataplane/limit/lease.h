// The right to run one request within a limit. Given back when destroyed, on whatever path. One worker.
#pragma once

#include <cstdint>
#include <utility>

namespace sluice::limit {

class Slots;

class Lease {
 public:
  Lease() = default;  // holds nothing
  Lease(Lease&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), id_(other.id_) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      slots_ = std::exchange(other.slots_, nullptr);
      id_ = other.id_;
    }
    return *this;
  }
  ~Lease() { release(); }

  // Whether there is something to give back; false for an unlimited one.
  [[nodiscard]] bool held() const { return slots_ != nullptr; }
  // Gives it back now. Does not wait for Redis.
  void release() noexcept;

 private:
  friend class Slots;
  Lease(Slots* slots, std::uint64_t id) : slots_(slots), id_(id) {}

  Slots* slots_ = nullptr;
  std::uint64_t id_ = 0;
};

}  // namespace sluice::limit
