// Cuts a byte stream of server-sent events (WHATWG HTML, section 9.2) into whole events without changing a byte.
// Only whole events are handed on, so that a keepalive or an error event can be put between any two of them. An event
// larger than the bound is handed on in pieces instead of being collected. No I/O; one stream, one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::sse {

class EventSplitter {
 public:
  explicit EventSplitter(std::size_t max_event_bytes = 256 * 1024) : max_event_bytes_(max_event_bytes) {}

  // Takes the next bytes and returns those that may go on now: whole events, or a piece of an oversized one.
  // The view points into `bytes` or into the splitter and is valid until the next call or until `bytes` dies.
  [[nodiscard]] std::string_view push(std::string_view bytes);

  // True if everything handed on so far ends with a whole event.
  [[nodiscard]] bool at_boundary() const { return !inside_oversized_; }
  // True if bytes of an unfinished event are held back.
  [[nodiscard]] bool holds_partial() const { return held_from_ < buffer_.size(); }

 private:
  std::size_t max_event_bytes_;
  std::string buffer_;         // the unfinished event, behind bytes handed on by the last call
  std::size_t held_from_ = 0;  // where the unfinished event begins in buffer_
  bool inside_oversized_ = false;
};

// Where the last whole event in `bytes` ends, i.e. one past its blank line; 0 if there is none.
[[nodiscard]] std::size_t end_of_last_event(std::string_view bytes);

// Takes the first event, including its blank line, off `bytes`, which EventSplitter handed on; empty if none is whole.
[[nodiscard]] std::string_view take_event(std::string_view& bytes);

// One event's fields. `data` is the first data line's value; `more_data` tells that there were others.
struct Event {
  std::string_view name;
  std::string_view data;
  bool more_data = false;
};
[[nodiscard]] Event parse_event(std::string_view bytes);

}  // namespace sluice::sse
