#include "common/sse/event_splitter.h"

namespace sluice::sse {

namespace {

// Length of the line end at `at` (CRLF, LF or CR), 0 if there is none.
std::size_t line_end(std::string_view bytes, std::size_t at) {
  if (at >= bytes.size()) return 0;
  if (bytes[at] == '\n') return 1;
  if (bytes[at] != '\r') return 0;
  return at + 1 < bytes.size() && bytes[at + 1] == '\n' ? 2 : 1;
}

// One past the first blank line, 0 if it is not there yet. A lone CR as the last byte may be half of a CRLF: `more`
// tells whether that could still come, so that it does not end anything yet.
std::size_t end_of_first_event(std::string_view bytes, bool more) {
  std::size_t line = 0;
  std::size_t at = 0;
  while ((at = bytes.find_first_of("\r\n", line)) != std::string_view::npos) {
    const std::size_t end = at + line_end(bytes, at);
    if (at == line) return more && bytes[end - 1] == '\r' && end == bytes.size() ? 0 : end;
    line = end;
  }
  return 0;
}

std::string_view field_value(std::string_view line, std::size_t colon) {
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

}  // namespace

std::size_t end_of_last_event(std::string_view bytes) {
  // Almost every stream ends its lines with LF: look for the last "\n\n" or "\n\r\n" from the back.
  std::size_t end = 0;
  for (std::size_t i = bytes.size(); end == 0 && i-- > 1;) {
    if (bytes[i] != '\n') continue;
    const bool blank =
        bytes[i - 1] == '\n' || (i >= 2 && bytes[i - 1] == '\r' && (bytes[i - 2] == '\n' || bytes[i - 2] == '\r'));
    if (blank) end = i + 1;
  }
  // Lone CRs as line ends are legal and rare, and so is a blank line by itself: go event by event.
  const std::string_view rest = bytes.substr(end);
  if (rest.empty() || (rest.front() != '\n' && rest.find('\r') == std::string_view::npos)) return end;
  while (const std::size_t next = end_of_first_event(bytes.substr(end), true))
    end += next;
  return end;
}

std::string_view take_event(std::string_view& bytes) {
  const std::size_t end = end_of_first_event(bytes, false);
  std::string_view event = bytes.substr(0, end);
  bytes.remove_prefix(end);
  return event;
}

std::string_view EventSplitter::push(std::string_view bytes) {
  if (held_from_ != 0) {
    buffer_.erase(0, held_from_);
    held_from_ = 0;
  }
  if (buffer_.empty()) {
    const std::size_t end = end_of_last_event(bytes);
    if (bytes.size() - end > max_event_bytes_ || (inside_oversized_ && end == 0)) {
      inside_oversized_ = true;
      return bytes;
    }
    inside_oversized_ = false;
    buffer_.assign(bytes.substr(end));
    if (buffer_.empty() && buffer_.capacity() > 4096) buffer_.shrink_to_fit();
    return bytes.substr(0, end);
  }
  buffer_.append(bytes);
  const std::size_t end = end_of_last_event(buffer_);
  if (buffer_.size() - end > max_event_bytes_) {
    inside_oversized_ = true;
    held_from_ = buffer_.size();
    return buffer_;
  }
  held_from_ = end;
  return std::string_view(buffer_).substr(0, end);
}

Event parse_event(std::string_view bytes) {
  Event event;
  bool seen_data = false;
  while (!bytes.empty()) {
    const std::size_t stop = bytes.find_first_of("\r\n");
    const std::string_view line = bytes.substr(0, stop);
    bytes.remove_prefix(stop == std::string_view::npos ? bytes.size() : stop + line_end(bytes, stop));
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) continue;
    const std::string_view field = line.substr(0, colon);
    if (field == "event") {
      event.name = field_value(line, colon);
    } else if (field == "data") {
      if (!seen_data) event.data = field_value(line, colon);
      event.more_data = seen_data;
      seen_data = true;
    }
  }
  return event;
}

}  // namespace sluice::sse
