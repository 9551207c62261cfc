// One client connection: sends a request, reads the answer, keeps the connection for the next. One thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>

#include "tests/bench/load/load.h"
#include "tests/bench/load/response_reader.h"

namespace sluice::bench {

struct Answer {
  int status = 0;
  std::uint64_t body_bytes = 0;
  std::uint32_t whole_us = 0;
};

class Client;

// What a client tells; it may be sent on from any of these.
class ClientOwner {
 public:
  virtual ~ClientOwner() = default;
  virtual void on_read() = 0;
  virtual void on_first_byte(std::uint32_t first_byte_us) = 0;
  virtual void on_answer(Client& client, const Answer& answer) = 0;
  virtual void on_failure(Client& client) = 0;
};

// Hands out the keys in turn.
class Keys {
 public:
  explicit Keys(const LoadOptions& options);
  // Puts the next key into a copy of the request.
  void put_next(std::string& request);

 private:
  const std::vector<std::string>& keys_;
  std::size_t at_ = std::string::npos;  // of the key in the request
  std::size_t next_ = 0;
};

class Client {
 public:
  Client(boost::asio::io_context& context, const LoadOptions& options, Keys& keys, ClientOwner& owner);
  // Not while an answer is outstanding. Connects first if need be.
  void send();

 private:
  using tcp = boost::asio::ip::tcp;
  void connect();
  void write();
  void read();
  void finish();
  void fail();
  [[nodiscard]] std::uint32_t since_sent() const;

  const LoadOptions& options_;
  Keys& keys_;
  ClientOwner& owner_;
  tcp::socket socket_;
  std::string request_;
  ResponseReader reader_;
  std::chrono::steady_clock::time_point sent_;
  bool first_byte_ = false;
};

}  // namespace sluice::bench
