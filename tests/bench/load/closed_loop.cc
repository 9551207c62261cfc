#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <iostream>
#include <memory>

#include "tests/bench/load/load.h"
#include "tests/bench/load/tally.h"

namespace sluice::bench {

namespace {

namespace asio = boost::asio;

class ClosedLoop : public ClientOwner {
 public:
  explicit ClosedLoop(const LoadOptions& options)
      : options_(options), keys_(options), tally_(options), left_(options.requests), end_(context_), input_(context_) {}

  LoadResult run() {
    for (std::size_t i = 0; i < options_.connections; ++i) {
      clients_.push_back(std::make_unique<Client>(context_, options_, keys_, *this));
      if (take()) clients_.back()->send();
    }
    if (options_.time.count() > 0) {
      end_.expires_after(options_.time);
      end_.async_wait([this](const boost::system::error_code&) { context_.stop(); });
    }
    std::array<char, 64> line{};
    if (options_.hold) {
      input_.assign(0);
      input_.async_read_some(asio::buffer(line),
                             [this](const boost::system::error_code&, std::size_t) { context_.stop(); });
    }
    context_.run();
    return tally_.take();
  }

  void on_read() override { ++tally_.result.reads; }
  void on_first_byte(std::uint32_t first_byte_us) override {
    if (tally_.counts()) tally_.result.first_byte_us.push_back(first_byte_us);
    if (options_.hold && ++held_ == options_.connections) std::cout << "held " << held_ << std::endl;
  }
  void on_answer(Client& client, const Answer& answer) override {
    tally_.answer(answer);
    if (!take()) return;
    if (options_.pause.count() == 0) return client.send();
    const auto timer = std::make_shared<asio::steady_timer>(context_, options_.pause);
    timer->async_wait([&client, timer](const boost::system::error_code&) { client.send(); });
  }
  void on_failure(Client& client) override {
    ++tally_.result.failures;
    if (!options_.hold && take()) client.send();
  }

 private:
  bool take() {
    if (options_.requests == 0) return true;
    if (left_ == 0) return false;
    --left_;
    return true;
  }

  const LoadOptions& options_;
  asio::io_context context_{1};
  Keys keys_;
  Tally tally_;
  std::uint64_t left_;
  std::size_t held_ = 0;
  asio::steady_timer end_;
  asio::posix::stream_descriptor input_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace

LoadResult run_closed_loop(const LoadOptions& options) {
  return ClosedLoop(options).run();
}

}  // namespace sluice::bench
