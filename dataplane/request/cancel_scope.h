// While it lives, cancelling the exchange's upstream cancels this answer.
#pragma once

#include "common/http/client_pool.h"

namespace sluice::request {

class CancelScope {
 public:
  CancelScope(http::ClientCancel& cancel, http::ClientResponse& answer) : cancel_(cancel) {
    cancel_.attach([&answer] { answer.cancel(); });
    if (cancel_.cancelled()) answer.cancel();
  }
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;
  ~CancelScope() { cancel_.detach(); }

 private:
  http::ClientCancel& cancel_;
};

}  // namespace sluice::request
