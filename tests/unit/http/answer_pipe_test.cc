// The pipe between who makes an answer and the server that writes it.
#include "common/http/answer_pipe.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace sluice::http {

namespace {

struct Counts {
  int more = 0;
  int gone = 0;
  int woken = 0;
};

AnswerPipe::Producer producer(Counts& counts) {
  return {.more = [&counts] { ++counts.more; }, .gone = [&counts] { ++counts.gone; }};
}

}  // namespace

TEST_CASE("a pipe gives what was put in, in order, and its end") {
  Counts counts;
  AnswerPipe pipe(100, producer(counts));
  CHECK(pipe.put("a") == AnswerPipe::Put::kTaken);  // before anybody reads
  pipe.attach([&] { ++counts.woken; });
  CHECK(pipe.put("b") == AnswerPipe::Put::kTaken);
  AnswerPipe::Taken taken = pipe.take();
  CHECK(taken.text == "ab");
  CHECK_FALSE(taken.over);
  CHECK(pipe.take().text.empty());
  CHECK(pipe.put("c") == AnswerPipe::Put::kTaken);
  CHECK(counts.woken == 1);  // only when there was nothing to take
  pipe.end();
  CHECK(counts.woken == 2);
  taken = pipe.take();
  CHECK(taken.text == "c");
  CHECK(taken.over);
  CHECK(pipe.put("d") == AnswerPipe::Put::kGone);
  pipe.leave();
  CHECK_FALSE(pipe.left());
  CHECK(counts.more + counts.gone == 0);
}

TEST_CASE("a producer that fills a pipe is told once when there is room") {
  Counts counts;
  AnswerPipe pipe(4, producer(counts));
  CHECK(pipe.put("abc") == AnswerPipe::Put::kTaken);
  CHECK(pipe.put("def") == AnswerPipe::Put::kFull);
  CHECK(counts.more == 0);
  CHECK(pipe.take().text == "abcdef");
  CHECK(counts.more == 1);
  CHECK(pipe.take().text.empty());
  CHECK(counts.more == 1);
}

TEST_CASE("a reader that leaves tells the producer, also one that waits") {
  const bool waits = GENERATE(false, true);
  Counts counts;
  AnswerPipe pipe(4, producer(counts));
  CHECK(pipe.put(waits ? "abcd" : "a") == (waits ? AnswerPipe::Put::kFull : AnswerPipe::Put::kTaken));
  pipe.attach([&] { ++counts.woken; });
  pipe.leave();
  pipe.leave();
  CHECK(pipe.left());
  CHECK(counts.gone == 1);
  CHECK(counts.more == (waits ? 1 : 0));
  CHECK(counts.woken == 1);
  CHECK(pipe.put("e") == AnswerPipe::Put::kGone);
  pipe.end();
  const AnswerPipe::Taken taken = pipe.take();
  CHECK(taken.text.empty());
  CHECK(taken.over);
}

TEST_CASE("what one thread puts in another takes out, none of it twice") {
  constexpr int kPieces = 20'000;
  std::mutex mutex;
  std::condition_variable changed;
  bool room = true;
  AnswerPipe pipe(64, {.more =
                           [&] {
                             const std::lock_guard lock(mutex);
                             room = true;
                             changed.notify_all();
                           },
                       .gone = {}});
  std::thread maker([&] {
    for (int i = 0; i < kPieces; ++i) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return room; });
      room = false;
      lock.unlock();
      if (pipe.put(std::to_string(i) + " ") == AnswerPipe::Put::kFull) continue;
      lock.lock();
      room = true;
    }
    pipe.end();
  });
  std::string all;
  for (bool over = false; !over;) {
    AnswerPipe::Taken taken = pipe.take();
    all += taken.text;
    over = taken.over;
  }
  maker.join();
  std::string expected;
  for (int i = 0; i < kPieces; ++i)
    expected += std::to_string(i) + " ";
  CHECK(all == expected);
}

}  // namespace sluice::http
