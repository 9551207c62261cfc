// Reads a script's reply, a flat list, one value after the other. Whoever reads past the end or a value of another kind
// gets 0 or "", and ok() is false from then on. Only for dataplane/limit; the reply must outlive it.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/status.h"
#include "dataplane/redis/reply.h"

namespace sluice::limit {

class ReplyReader {
 public:
  explicit ReplyReader(const redis::Reply& reply) : list_(reply.list()), ok_(list_ != nullptr) {}

  [[nodiscard]] std::int64_t number() {
    const redis::Reply* value = next();
    const std::int64_t* number = value == nullptr ? nullptr : value->integer();
    ok_ = ok_ && number != nullptr;
    return ok_ ? *number : 0;
  }
  // A number from 0 to `max`.
  [[nodiscard]] std::int64_t number_up_to(std::int64_t max) {
    const std::int64_t value = number();
    ok_ = ok_ && value >= 0 && value <= max;
    return ok_ ? value : 0;
  }
  [[nodiscard]] std::string_view text() {
    const redis::Reply* value = next();
    const std::string* text = value == nullptr ? nullptr : value->text();
    ok_ = ok_ && text != nullptr;
    return ok_ ? std::string_view(*text) : std::string_view();
  }

  [[nodiscard]] std::size_t left() const { return list_ == nullptr ? 0 : list_->size() - at_; }
  [[nodiscard]] bool ok() const { return ok_; }
  // The value if everything was read and nothing else was there.
  template <class T>
  [[nodiscard]] Result<T> finish(T value, std::string_view script) const {
    if (ok_ && left() == 0) return value;
    return fail(ErrorCode::kDataLoss, "unexpected reply of the script " + std::string(script));
  }

 private:
  [[nodiscard]] const redis::Reply* next() { return left() == 0 ? nullptr : &(*list_)[at_++]; }

  const redis::Reply::List* list_;
  std::size_t at_ = 0;
  bool ok_;
};

}  // namespace sluice::limit
