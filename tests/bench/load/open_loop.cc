#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "tests/bench/load/load.h"
#include "tests/bench/load/tally.h"

namespace sluice::bench {

namespace {

constexpr std::chrono::milliseconds kTick{1};

class OpenLoop : public ClientOwner {
 public:
  explicit OpenLoop(const LoadOptions& options) : options_(options), keys_(options), tally_(options), tick_(context_) {}

  LoadResult run() {
    next_tick();
    context_.run();
    return tally_.take();
  }

  void on_read() override { ++tally_.result.reads; }
  void on_first_byte(std::uint32_t) override {}
  void on_answer(Client& client, const Answer& answer) override {
    tally_.answer(answer);
    idle_.push_back(&client);
  }
  void on_failure(Client& client) override {
    if (tally_.counts()) ++tally_.result.failures;
    idle_.push_back(&client);
  }

 private:
  void next_tick() {
    const auto elapsed = Tally::Clock::now() - tally_.start();
    if (elapsed >= options_.time) return context_.stop();
    const auto due =
        static_cast<std::uint64_t>(std::chrono::duration<double>(elapsed).count() * static_cast<double>(options_.rate));
    for (; sent_ < due; ++sent_)
      start_one();
    tick_.expires_after(kTick);
    tick_.async_wait([this](const boost::system::error_code&) { next_tick(); });
  }
  // The connection used last first: how many are open follows from how long answers take.
  void start_one() {
    if (idle_.empty() && clients_.size() < options_.connections) {
      clients_.push_back(std::make_unique<Client>(context_, options_, keys_, *this));
      idle_.push_back(clients_.back().get());
    }
    if (idle_.empty()) {
      if (tally_.counts()) ++tally_.result.not_started;
      return;
    }
    Client* client = idle_.back();
    idle_.pop_back();
    client->send();
  }

  const LoadOptions& options_;
  boost::asio::io_context context_{1};
  Keys keys_;
  Tally tally_;
  boost::asio::steady_timer tick_;
  std::uint64_t sent_ = 0;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Client*> idle_;
};

}  // namespace

LoadResult run_open_loop(const LoadOptions& options) {
  return OpenLoop(options).run();
}

}  // namespace sluice::bench
