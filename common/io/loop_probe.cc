#include "common/io/loop_probe.h"

#include <sys/eventfd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <cerrno>
#include <system_error>

namespace sluice::io {

LoopProbe::LoopProbe(Worker& worker) : worker_(worker), descriptor_(worker.context().get_executor()) {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");  // at start only
  descriptor_.assign(fd);
}

Task<std::chrono::nanoseconds> LoopProbe::measure() {
  const SteadyTime before = worker_.clock().steady();
  eventfd_write(descriptor_.native_handle(), 1);
  co_await descriptor_.async_wait(decltype(descriptor_)::wait_read, boost::asio::as_tuple(boost::asio::deferred));
  eventfd_t value = 0;
  eventfd_read(descriptor_.native_handle(), &value);
  co_return worker_.clock().steady() - before;
}

}  // namespace sluice::io
