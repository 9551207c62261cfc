// How long what is ready waits until a worker gets to it. A descriptor is made ready and queues behind all sockets that
// are ready already; a posted function would only wait for the batch that the worker has taken from the kernel. One
// worker, used on its thread; at most one measure() at a time.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>

#include "common/io/task.h"
#include "common/io/worker.h"

namespace sluice::io {

class LoopProbe {
 public:
  explicit LoopProbe(Worker& worker);

  [[nodiscard]] Task<std::chrono::nanoseconds> measure();

 private:
  Worker& worker_;
  boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
};

}  // namespace sluice::io
