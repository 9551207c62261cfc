// Keep-alive connections to servers, direct or through proxies, one pool per worker. A connection is used again only if
// its last answer was read to the end and nothing unread is on it, and only for the same origin and the same proxy.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/http/head.h"
#include "common/io/cancel.h"
#include "common/io/proxy.h"
#include "common/io/stream.h"
#include "common/io/worker.h"

namespace sluice::http {

// Where to connect and whom to trust there. Pools are kept per distinct Origin.
struct Origin {
  bool tls = false;
  std::string host;  // name or address, without brackets
  std::uint16_t port = 0;
  std::string ca_pem;  // a private CA instead of the system's; empty: the system's
  bool operator==(const Origin&) const = default;
  // "host:port", with brackets around IPv6; the Host field, without the port if it is the scheme's default.
  [[nodiscard]] std::string host_and_port() const;
  [[nodiscard]] std::string host_field() const;
};

// "https://api.anthropic.com/prefix" -> origin and path prefix ("" or "/prefix"). Only http and https, no user info.
struct BaseUrl {
  Origin origin;
  std::string path_prefix;
};
[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view url);

struct ClientLimits {
  std::chrono::milliseconds connect{5'000};  // DNS, TCP and TLS together; all proxies tried share it
  std::chrono::milliseconds send{60'000};    // the request, whole
  std::size_t max_head_bytes = 64 * 1024;
  std::chrono::milliseconds keep_idle{55'000};        // below the usual 60 s of servers
  std::size_t max_idle_per_origin = 256;              // and proxy
  std::chrono::milliseconds proxy_set_aside{30'000};  // how long a proxy that failed is tried last
};

struct ClientRequest {
  const Origin* origin = nullptr;
  std::string_view method;
  std::string_view target;        // path and query
  std::span<const Field> fields;  // without host, connection, content-length: those are added
  std::string_view body;          // must live until the call returns
  // Where to go out; empty: directly. Else never directly: through the proxy that worked last, then the others in
  // order. Equal proxies share connections, whoever owns the object. Must live until the call returns.
  std::span<const std::shared_ptr<const io::Proxy>> proxies{};
};

// What went wrong and whether a byte of the request may have reached the server's application.
struct ClientError {
  enum class Stage : std::uint8_t { kConnect, kSend, kResponseHead, kBody };
  Stage stage = Stage::kConnect;
  Error error;
  std::string via{};  // the proxy used or tried last (io::Proxy::to_string); empty: none
};

// An answer whose head was read. Destroying it closes the connection unless the body was read to its end.
class ClientResponse {
 public:
  struct State;
  explicit ClientResponse(std::unique_ptr<State> state);
  ClientResponse(ClientResponse&&) noexcept;
  ClientResponse& operator=(ClientResponse&&) noexcept;
  ~ClientResponse();

  [[nodiscard]] const ResponseHead& head() const;
  // The proxy it came through (io::Proxy::to_string); empty: none. Valid as long as this answer.
  [[nodiscard]] std::string_view via() const;

  // The next bytes of the body with the transfer coding taken off. `data` is valid until the next suspension.
  struct Piece {
    std::string_view data;
    bool last = false;  // the body is complete; the connection went back to the pool if it could
  };
  // Waits for more of the body: true once read_body() has something, false if `until` passed first (nothing is lost,
  // the answer stays good; Stream::wait_readable_until).
  [[nodiscard]] io::Task<Result<bool>> wait_body(SteadyTime until);
  // Fails with kClosed if the connection ended before the body did: a cut, never an end.
  // A body delimited by the end of the connection cannot be told from a cut: `last` with ends_by_close().
  [[nodiscard]] io::Task<Result<Piece>> read_body(SteadyTime deadline);
  // Reads the whole body, at most `max_bytes` (kResourceExhausted beyond).
  [[nodiscard]] io::Task<Result<std::string>> read_whole_body(std::size_t max_bytes, SteadyTime deadline);
  [[nodiscard]] bool ends_by_close() const;

  // Ends a pending read with kCancelled, from the same worker.
  void cancel() noexcept;

 private:
  std::unique_ptr<State> state_;
};

// Lets someone else on the same worker end an exchange that is still connecting or waiting for its head.
using ClientCancel = io::Cancel;

class ClientPool {
 public:
  ClientPool(io::Worker& worker, const ClientLimits& limits);
  ~ClientPool();

  // Sends the request and reads the final head (1xx are passed over). A request on a used connection that the server
  // had closed before a byte of the answer came is sent once more, on a new connection.
  [[nodiscard]] io::Task<std::expected<ClientResponse, ClientError>> send(const ClientRequest& request,
                                                                          SteadyTime head_deadline,
                                                                          ClientCancel* cancel);
  // Closes idle connections; for drain.
  void close_idle();

  struct Counters {
    std::uint64_t connects = 0, reuses = 0, resent = 0;
    std::uint64_t proxies_set_aside = 0;
  };
  [[nodiscard]] const Counters& counters() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace sluice::http
