// The coroutine type of the data plane. Concrete executor, so that no call goes through type erasure.
// A Task starts when it is awaited; arguments of a Task that outlives its caller are taken by value.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace sluice::io {

using Executor = boost::asio::io_context::executor_type;

template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace sluice::io
