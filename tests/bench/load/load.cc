#include "tests/bench/load/load.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <iostream>
#include <memory>

#include "tests/bench/load/response_reader.h"

namespace sluice::bench {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

std::uint32_t microseconds_since(SteadyClock::time_point start) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start).count());
}

class Run;

// One keep-alive client.
class Client {
 public:
  Client(asio::io_context& context, Run& run) : run_(run), socket_(context), pause_(context) {}
  void start();

 private:
  void connect();
  void send();
  void read();
  void on_read(std::size_t bytes);
  void next();

  Run& run_;
  tcp::socket socket_;
  asio::steady_timer pause_;
  ResponseReader reader_;
  SteadyClock::time_point sent_;
  bool first_byte_ = false;
};

class Run {
 public:
  explicit Run(const LoadOptions& options_) : options(options_), left(options_.requests) {}

  bool take() {
    if (left == 0) return false;
    --left;
    return true;
  }
  void held() {
    if (++held_ != options.connections) return;
    std::cout << "held " << held_ << std::endl;
  }

  const LoadOptions& options;
  LoadResult result;
  std::uint64_t left;
  std::size_t held_ = 0;
};

void Client::start() {
  if (run_.take()) connect();
}

void Client::connect() {
  const tcp::endpoint endpoint(asio::ip::make_address(run_.options.host), run_.options.port);
  socket_.async_connect(endpoint, [this](const boost::system::error_code& error) {
    if (error) {
      ++run_.result.failures;
      return;
    }
    socket_.set_option(tcp::no_delay(true));
    send();
  });
}

void Client::send() {
  reader_.reset();
  first_byte_ = false;
  sent_ = SteadyClock::now();
  asio::async_write(socket_, asio::buffer(run_.options.request),
                    [this](const boost::system::error_code& error, std::size_t) {
                      if (error) {
                        ++run_.result.failures;
                        return;
                      }
                      read();
                    });
}

void Client::read() {
  socket_.async_wait(tcp::socket::wait_read, [this](const boost::system::error_code& waited) {
    static std::array<char, 256 * 1024> buffer;
    boost::system::error_code error = waited;
    const std::size_t bytes = error ? 0 : socket_.read_some(asio::buffer(buffer), error);
    if (error == asio::error::would_block) return read();
    if (error) {
      ++run_.result.failures;
      socket_ = tcp::socket(socket_.get_executor());
      if (!run_.options.hold) start();
      return;
    }
    const bool done = reader_.push(std::string_view(buffer.data(), bytes));
    on_read(bytes);
    if (done) {
      next();
    } else {
      read();
    }
  });
}

void Client::on_read(std::size_t) {
  ++run_.result.reads;
  if (first_byte_ || !reader_.head_seen() || reader_.body_bytes() == 0) return;
  first_byte_ = true;
  run_.result.first_byte_us.push_back(microseconds_since(sent_));
  if (run_.options.hold) run_.held();
}

void Client::next() {
  ++run_.result.answers;
  if (reader_.status() != 200) ++run_.result.not_ok;
  run_.result.body_bytes += reader_.body_bytes();
  run_.result.whole_us.push_back(microseconds_since(sent_));
  if (!run_.take()) return;
  if (run_.options.pause.count() == 0) return send();
  pause_.expires_after(run_.options.pause);
  pause_.async_wait([this](const boost::system::error_code& error) {
    if (!error) send();
  });
}

}  // namespace

LoadResult run_load(const LoadOptions& options) {
  asio::io_context context(1);
  Run run(options);
  std::vector<std::unique_ptr<Client>> clients;
  const auto start = SteadyClock::now();
  for (std::size_t i = 0; i < options.connections; ++i) {
    clients.push_back(std::make_unique<Client>(context, run));
    clients.back()->start();
  }
  asio::posix::stream_descriptor input(context);
  std::array<char, 64> line{};
  if (options.hold) {
    input.assign(0);
    input.async_read_some(asio::buffer(line),
                          [&context](const boost::system::error_code&, std::size_t) { context.stop(); });
  }
  context.run();
  run.result.seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
  return std::move(run.result);
}

}  // namespace sluice::bench
