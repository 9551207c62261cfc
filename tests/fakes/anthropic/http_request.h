// An HTTP/1.1 request parser of the fake's own, so that it shares no fault with the code under test.
// Plain synchronous code over a buffer; one parser per connection, used by that connection's thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::fakes {

// Views point into the buffer given to parse_request, the body possibly into `decoded`; valid until either changes.
struct HttpRequest {
  std::string_view method;
  std::string_view target;  // with the query
  std::string_view path;    // without it
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view body;
  std::string decoded;   // the body, if it came in chunks
  std::size_t size = 0;  // bytes of the buffer the request took
  bool keep_alive = true;
  bool expects_continue = false;

  // The header's value, empty if absent; names without regard to case.
  std::string_view header(std::string_view name) const;
  // The query parameter's value as written, empty if absent.
  std::string_view query(std::string_view name) const;
};

enum class ParseState { kDone, kNeedMore, kBad };

// The largest request taken, head and body (the vendor's own limit is 32 MB for a body).
inline constexpr std::size_t kMaxRequestBytes = 40u << 20;

// Reads one request from the start of `buffer`. After kNeedMore `out` still tells whether the head is complete
// (method not empty) and asks for 100-continue.
ParseState parse_request(std::string_view buffer, HttpRequest& out);

}  // namespace sluice::fakes
