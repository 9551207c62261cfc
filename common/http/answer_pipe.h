// An answer that goes on: one thread puts pieces in, the HTTP server writes them to the client. Bounded: a producer
// that fills it waits until the client took what is there, without a thread being held. Any thread, unless said
// otherwise.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace sluice::http {

class AnswerPipe {
 public:
  enum class Put : std::uint8_t {
    kTaken,  // go on
    kFull,   // taken, but now wait for `more`
    kGone,   // not taken: nobody reads any more
  };
  // Called without a lock held, on the server's thread or on the one that ends the server; they must not block. After
  // the end of the pipe neither is called again, but one may still be running.
  struct Producer {
    std::function<void()> more;  // once after each kFull: there is room, or nobody reads any more
    std::function<void()> gone;  // once, if the client leaves or the server stops before end()
  };

  // `bound`: bytes that may wait before put() says kFull.
  AnswerPipe(std::size_t bound, Producer producer) : bound_(bound), producer_(std::move(producer)) {}
  AnswerPipe(const AnswerPipe&) = delete;
  AnswerPipe& operator=(const AnswerPipe&) = delete;

  [[nodiscard]] Put put(std::string_view piece);
  // Nothing more will come.
  void end();

  // The rest is for the server.
  struct Taken {
    std::string text;
    bool over = false;  // nothing follows
  };
  // Everything that waits.
  [[nodiscard]] Taken take();
  // `wake` is called whenever there may be something to take.
  void attach(std::function<void()> wake);
  // Nobody will take any more.
  void leave();
  // leave() was called before end().
  [[nodiscard]] bool left() const;

 private:
  const std::size_t bound_;
  mutable std::mutex mutex_;
  Producer producer_;
  std::function<void()> wake_;
  std::string text_;
  bool waiting_ = false;  // the producer waits for `more`
  bool ended_ = false;
  bool left_ = false;
};

}  // namespace sluice::http
