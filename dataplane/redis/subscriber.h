// One worker's ears in Redis: channels of PUBLISH on a connection of their own, that is remade whenever it ends.
// Messages may be lost while it is away; whoever listens must be able to do without. One per worker, used on its
// thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/io/worker.h"
#include "common/observe/metrics.h"
#include "dataplane/redis/client.h"

namespace sluice::redis {

class SubscriberState;

class Subscriber {
 public:
  // `worker` and `metrics` must outlive it. Of the options, the endpoint, the login and the limits of connecting,
  // retrying and silence are used.
  Subscriber(io::Worker& worker, ClientOptions options, observe::MetricsRegistry& metrics);
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber();  // nothing is called any more

  // Before start(). Several may listen to one channel. `call` must not destroy the subscriber; the message is valid
  // during the call.
  void subscribe(std::string channel, std::function<void(std::string_view message)> call);
  // Before start(): called whenever all channels are heard (again), so that what was missed can be looked up.
  void on_up(std::function<void()> call);
  // Connects, now and for ever. Called once; without channels it does nothing.
  void start();

 private:
  std::shared_ptr<SubscriberState> state_;
  io::Worker& worker_;
};

}  // namespace sluice::redis
