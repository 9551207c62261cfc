#include "tests/bench/load/client.h"

#include <array>
#include <boost/asio/write.hpp>

namespace sluice::bench {

namespace asio = boost::asio;

Keys::Keys(const LoadOptions& options) : keys_(options.keys) {
  if (keys_.size() > 1) at_ = options.request.find(keys_[0]);
}

void Keys::put_next(std::string& request) {
  if (at_ == std::string::npos) return;
  request.replace(at_, keys_[0].size(), keys_[next_]);
  next_ = (next_ + 1) % keys_.size();
}

Client::Client(asio::io_context& context, const LoadOptions& options, Keys& keys, ClientOwner& owner)
    : options_(options), keys_(keys), owner_(owner), socket_(context), request_(options.request) {}

std::uint32_t Client::since_sent() const {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - sent_).count());
}

void Client::send() {
  reader_.reset();
  first_byte_ = false;
  sent_ = std::chrono::steady_clock::now();
  keys_.put_next(request_);
  if (socket_.is_open()) {
    write();
  } else {
    connect();
  }
}

void Client::connect() {
  const tcp::endpoint endpoint(asio::ip::make_address(options_.host), options_.port);
  socket_.async_connect(endpoint, [this](const boost::system::error_code& error) {
    if (error) return fail();
    socket_.set_option(tcp::no_delay(true));
    write();
  });
}

void Client::write() {
  asio::async_write(socket_, asio::buffer(request_), [this](const boost::system::error_code& error, std::size_t) {
    if (error) return fail();
    read();
  });
}

void Client::read() {
  socket_.async_wait(tcp::socket::wait_read, [this](const boost::system::error_code& waited) {
    static std::array<char, 256 * 1024> buffer;
    boost::system::error_code error = waited;
    const std::size_t bytes = error ? 0 : socket_.read_some(asio::buffer(buffer), error);
    if (error == asio::error::would_block) return read();
    if (error) return fail();
    const bool done = reader_.push(std::string_view(buffer.data(), bytes));
    owner_.on_read();
    if (!first_byte_ && reader_.body_bytes() > 0) {
      first_byte_ = true;
      owner_.on_first_byte(since_sent());
    }
    if (done) return finish();
    read();
  });
}

void Client::finish() {
  if (reader_.closes()) socket_ = tcp::socket(socket_.get_executor());
  owner_.on_answer(*this, {reader_.status(), reader_.body_bytes(), since_sent()});
}

void Client::fail() {
  socket_ = tcp::socket(socket_.get_executor());
  owner_.on_failure(*this);
}

}  // namespace sluice::bench
