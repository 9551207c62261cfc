// What a Subscriber and its background task share. Only for dataplane/redis. One worker.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/io/event.h"
#include "common/io/resolver.h"
#include "dataplane/redis/client.h"
#include "dataplane/redis/connection.h"

namespace sluice::redis {

class SubscriberState : public std::enable_shared_from_this<SubscriberState> {
 public:
  SubscriberState(io::Worker& worker, ClientOptions options, observe::MetricsRegistry& registry);

  // Connects, listens, connects again; ends after stop().
  [[nodiscard]] static io::Task<> serve(std::shared_ptr<SubscriberState> self);
  void stop();

  std::map<std::string, std::vector<std::function<void(std::string_view)>>, std::less<>> channels;
  std::vector<std::function<void()>> up_calls;

 private:
  [[nodiscard]] SteadyTime now() const { return worker_.clock().steady(); }
  [[nodiscard]] static io::Task<Result<>> connect(std::shared_ptr<SubscriberState> self);
  [[nodiscard]] static io::Task<Result<>> log_in(std::shared_ptr<SubscriberState> self, SteadyTime deadline);
  [[nodiscard]] static io::Task<> listen(std::shared_ptr<SubscriberState> self);
  bool subscribe();
  void on_push(std::string_view kind, std::string_view channel, std::string_view text);
  void on_closed(std::string cause);
  void drop_connection();
  void tell_up();
  void tell_down(std::string_view cause);

  io::Worker& worker_;
  const ClientOptions options_;
  observe::Gauge& up_gauge_;
  observe::Counter& messages_;
  io::Resolver resolver_;
  io::Event changed_;  // the connection ended, all channels are heard, or stop()
  std::shared_ptr<Connection> connection_;
  std::string cause_;  // why the connection ended
  std::size_t confirmed_ = 0;
  bool lost_ = false;
  bool stopped_ = false;
  bool told_down_ = false;
};

}  // namespace sluice::redis
