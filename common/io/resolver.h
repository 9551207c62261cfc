// Names to addresses, with a cache. Asks the system's resolver on a thread of Asio's, one name at a time; the same
// name is never asked for twice at once. One worker.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/io/task.h"
#include "common/io/worker.h"

namespace sluice::io {

class Resolver {
 public:
  static constexpr std::chrono::seconds kFresh{30};           // asked again after that
  static constexpr std::chrono::hours kKept{1};               // still served for so long while asking fails
  static constexpr std::chrono::milliseconds kPatience{500};  // for an answer, when there is an older one

  explicit Resolver(Worker& worker);

  // At least one address, or an error. A numeric `host` is its own answer.
  [[nodiscard]] Task<Result<std::vector<boost::asio::ip::address>>> resolve(std::string host, SteadyTime deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sluice::io
