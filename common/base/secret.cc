#include "common/base/secret.h"

#include <sodium.h>

namespace sluice {

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    value_ = other.value_;
    other.wipe();
  }
  return *this;
}

void Secret::wipe() noexcept {
  if (!value_.empty()) {
    sodium_memzero(value_.data(), value_.size());
    value_.clear();
  }
}

}  // namespace sluice
