// Keeps the money hold of a running answer ahead of what it costs.
#pragma once

#include "dataplane/request/exchange.h"

namespace sluice::request {

class Spending {
 public:
  explicit Spending(Exchange& exchange) : exchange_(exchange) {}

  // Extends the hold by another stage of output once four fifths of it are used up. False if a wallet or budget cannot
  // cover that: the answer has to stop.
  [[nodiscard]] io::Task<bool> keep_covered(const protocol::Usage& usage);

 private:
  Exchange& exchange_;
  std::int64_t next_look_ = 0;  // at this much output
};

}  // namespace sluice::request
