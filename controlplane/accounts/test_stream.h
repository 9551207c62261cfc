// Reads the answer of a live test from libcurl's hands and tells of it. One thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "common/sse/event_splitter.h"
#include "controlplane/accounts/test_answer.h"
#include "controlplane/accounts/test_events.h"

namespace sluice::accounts {

class TestStream {
 public:
  TestStream(Dialect dialect, std::size_t most_bytes, TestEvents& events)
      : dialect_(dialect), most_bytes_(most_bytes), events_(events) {}

  // One line of the head, with its end.
  void take_field(std::string_view line);
  // False: enough.
  [[nodiscard]] bool take_body(std::string_view bytes);
  // The answer has ended as it should: tells of `done` or `failed`.
  void finish();

  [[nodiscard]] bool answered() const { return status_ != 0; }
  [[nodiscard]] bool too_large() const { return too_large_; }
  // Its last word has come, and the rest does not matter.
  [[nodiscard]] bool ended() const { return answer_.ended || !answer_.error_type.empty(); }

 private:
  void tell_answered();
  void tell_failed();

  const Dialect dialect_;
  const std::size_t most_bytes_;
  TestEvents& events_;
  sse::EventSplitter splitter_;
  int line_status_ = 0;
  int status_ = 0;
  bool is_stream_ = false;
  bool too_large_ = false;
  std::size_t bytes_ = 0;
  std::map<std::string, std::string> shown_;
  std::string body_;  // of an answer that is no stream
  TestAnswer answer_;
};

}  // namespace sluice::accounts
