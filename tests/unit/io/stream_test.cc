#include "common/io/stream.h"

#include <sys/socket.h>

#include "tests/unit/io/task_runner.h"

namespace sluice::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<> bytes_both_ways(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  CHECK(pair.server->peer_address() == "127.0.0.1");
  const std::array<std::string_view, 4> pieces{"hello", "", ", ", "world"};
  Result<> sent = co_await pair.client->write(pieces, soon());
  REQUIRE(sent.has_value());
  std::string got;
  while (got.size() < 12) {
    Result<std::size_t> more = co_await pair.server->read_some(worker.scratch(), soon());
    REQUIRE(more.has_value());
    got.append(worker.scratch().data(), *more);
  }
  CHECK(got == "hello, world");
  Result<std::size_t> nothing = pair.server->try_read(worker.scratch());
  REQUIRE_FALSE(nothing.has_value());
  CHECK(nothing.error().code == ErrorCode::kUnavailable);

  Result<> answered = co_await pair.server->write("bye", soon());
  REQUIRE(answered.has_value());
  pair.server.reset();
  const std::string rest = co_await read_all(*pair.client);
  CHECK(rest == "bye");
  Result<std::size_t> end = co_await pair.client->read_some(worker.scratch(), soon());
  REQUIRE(end.has_value());
  CHECK(*end == 0);
}

TEST_CASE("bytes go both ways and the end is seen as zero bytes") {
  TaskRunner runner;
  runner.run(bytes_both_ways(runner.worker()));
}

Task<> read_deadline(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  const SteadyTime limit = in(milliseconds(120));
  Result<std::size_t> got = co_await pair.client->read_some(worker.scratch(), limit);
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code == ErrorCode::kDeadlineExceeded);
  CHECK(std::chrono::steady_clock::now() >= limit);
  CHECK_FALSE(pair.client->is_open());
  Result<> later = co_await pair.client->write("x", soon());
  REQUIRE_FALSE(later.has_value());
  CHECK(later.error().code == ErrorCode::kDeadlineExceeded);
}

TEST_CASE("a read past its deadline closes the stream") {
  TaskRunner runner;
  runner.run(read_deadline(runner.worker()));
}

Task<> write_deadline(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  const std::string much(64u << 20, 'x');
  Result<> sent = co_await pair.client->write(much, in(milliseconds(120)));
  REQUIRE_FALSE(sent.has_value());
  CHECK(sent.error().code == ErrorCode::kDeadlineExceeded);
}

TEST_CASE("a write that the peer does not take fails at its deadline") {
  TaskRunner runner;
  runner.run(write_deadline(runner.worker()));
}

Task<> send_and_end(Stream& stream, std::string bytes, bool borrowed, Result<>& result) {
  const std::array<std::string_view, 3> pieces{
      std::string_view(bytes).substr(0, 10), std::string_view(bytes).substr(10, 0), std::string_view(bytes).substr(10)};
  if (borrowed) {
    result = co_await stream.write_borrowed(pieces, soon());
  } else {
    result = co_await stream.write(pieces, soon());
  }
  stream.end_writing();
}

Task<> large_write(Worker& worker, bool borrowed) {
  Pair pair;
  co_await connect_pair(worker, pair);
  std::string much(20u << 20, 'x');
  for (std::size_t i = 0; i < much.size(); ++i)
    much[i] = static_cast<char>('a' + i % 23);
  Result<> sent = fail(ErrorCode::kInternal, "not done");
  worker.spawn(send_and_end(*pair.client, much, borrowed, sent));
  const std::string got = co_await read_all(*pair.server);
  CHECK(sent.has_value());
  CHECK(got == much);
}

TEST_CASE("writes larger than the socket's buffers arrive whole and in order") {
  const bool borrowed = GENERATE(false, true);
  TaskRunner runner;
  runner.run(large_write(runner.worker(), borrowed));
}

Task<> abort_later(Worker& worker, Stream& stream) {
  const SteadyTime when = in(milliseconds(60));
  co_await worker.sleep_until(when);
  stream.abort();
}

Task<> abort_pending(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  worker.spawn(abort_later(worker, *pair.client));
  Result<std::size_t> got = co_await pair.client->read_some(worker.scratch(), soon());
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code == ErrorCode::kCancelled);
  pair.client->abort(ErrorCode::kInternal);
  Result<> sent = co_await pair.client->write("x", soon());
  REQUIRE_FALSE(sent.has_value());
  CHECK(sent.error().code == ErrorCode::kCancelled);
}

TEST_CASE("abort ends a pending operation and all later ones with its code") {
  TaskRunner runner;
  runner.run(abort_pending(runner.worker()));
}

Task<> peer_resets(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  // Closing with unread bytes makes the kernel send a reset.
  Result<> sent = co_await pair.client->write("unread", soon());
  REQUIRE(sent.has_value());
  Result<> there = co_await pair.server->wait_readable(soon());
  REQUIRE(there.has_value());
  pair.server.reset();
  Result<std::size_t> got = co_await pair.client->read_some(worker.scratch(), soon());
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code == ErrorCode::kClosed);
  Result<> again = co_await pair.client->write("x", soon());
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::kClosed);
}

TEST_CASE("a reset connection fails with kClosed") {
  TaskRunner runner;
  runner.run(peer_resets(runner.worker()));
}

Task<> quietness(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  CHECK(pair.client->is_quiet());
  Result<> sent = co_await pair.server->write("x", soon());
  REQUIRE(sent.has_value());
  Result<> there = co_await pair.client->wait_readable(soon());
  REQUIRE(there.has_value());
  CHECK_FALSE(pair.client->is_quiet());
  Result<std::size_t> got = co_await pair.client->read_some(worker.scratch(), soon());
  REQUIRE(got.has_value());
  CHECK(pair.client->is_quiet());
  pair.server.reset();
  Result<> ended = co_await pair.client->wait_readable(soon());
  REQUIRE(ended.has_value());
  CHECK_FALSE(pair.client->is_quiet());
}

TEST_CASE("a stream is quiet only while the peer neither sent nor closed") {
  TaskRunner runner;
  runner.run(quietness(runner.worker()));
}

Task<> watch_close(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  int gone = 0;
  pair.server->watch_for_close([&gone] { ++gone; });
  Result<> sent = co_await pair.server->write("still works", soon());
  REQUIRE(sent.has_value());
  CHECK(gone == 0);
  pair.client.reset();
  const bool seen = co_await until(worker, [&gone] { return gone > 0; });
  CHECK(seen);
  co_await worker.sleep_until(in(milliseconds(1)));
  CHECK(gone == 1);
}

TEST_CASE("a watch tells once that the peer closed") {
  TaskRunner runner;
  runner.run(watch_close(runner.worker()));
}

Task<> watch_bytes(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  int gone = 0;
  pair.server->watch_for_close([&gone] { ++gone; });
  Result<> sent = co_await pair.client->write("next request", soon());
  REQUIRE(sent.has_value());
  Result<> there = co_await pair.server->wait_readable(soon());
  REQUIRE(there.has_value());
  pair.server->stop_watching();
  Result<std::size_t> got = co_await pair.server->read_some(worker.scratch(), soon());
  REQUIRE(got.has_value());
  CHECK(std::string_view(worker.scratch().data(), *got) == "next request");

  // Armed again and again, also while the earlier wait is still under way.
  for (int i = 0; i < 3; ++i) {
    pair.server->watch_for_close([&gone] { ++gone; });
    pair.server->stop_watching();
  }
  Result<> more = co_await pair.client->write("more", soon());
  REQUIRE(more.has_value());
  Result<std::size_t> second = co_await pair.server->read_some(worker.scratch(), soon());
  REQUIRE(second.has_value());
  CHECK(std::string_view(worker.scratch().data(), *second) == "more");
  pair.server->watch_for_close([&gone] { ++gone; });
  CHECK(gone == 0);
  pair.client.reset();
  const bool seen = co_await until(worker, [&gone] { return gone > 0; });
  CHECK(seen);
}

TEST_CASE("a watch leaves bytes unread and can be armed again") {
  TaskRunner runner;
  runner.run(watch_bytes(runner.worker()));
}

Task<> watch_outlived(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  int gone = 0;
  pair.server->watch_for_close([&gone] { ++gone; });
  pair.server.reset();
  pair.client.reset();
  for (int i = 0; i < 3; ++i) {
    const SteadyTime later = in(milliseconds(1));
    co_await worker.sleep_until(later);
  }
  CHECK(gone == 0);
}

TEST_CASE("destroying a watched stream forgets the watch") {
  TaskRunner runner;
  runner.run(watch_outlived(runner.worker()));
}

Task<> echo_slowly(Worker& worker, Stream& stream) {
  for (int i = 0; i < 4; ++i) {
    const SteadyTime later = in(milliseconds(100));
    co_await worker.sleep_until(later);
    Result<> sent = co_await stream.write("tick", soon());
    CHECK(sent.has_value());
  }
}

Task<> deadlines_move(Worker& worker) {
  Pair pair;
  co_await connect_pair(worker, pair);
  worker.spawn(echo_slowly(worker, *pair.server));
  // Each read has a limit of its own: the one of an earlier read must not end a later one.
  for (int i = 0; i < 4; ++i) {
    Result<std::size_t> got = co_await pair.client->read_some(worker.scratch(), in(seconds(i == 0 ? 1 : 10)));
    REQUIRE(got.has_value());
    CHECK(*got == 4);
  }
  const SteadyTime past_the_first_limit = in(milliseconds(1100));
  Result<std::size_t> got = co_await pair.client->read_some(worker.scratch(), past_the_first_limit);
  REQUIRE_FALSE(got.has_value());
  CHECK(std::chrono::steady_clock::now() >= past_the_first_limit);
}

TEST_CASE("an operation's deadline ends with the operation") {
  TaskRunner runner;
  runner.run(deadlines_move(runner.worker()));
}

}  // namespace
}  // namespace sluice::io
