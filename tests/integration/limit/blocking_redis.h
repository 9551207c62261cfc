// A plain blocking connection to a test's Redis, which runs script calls. One thread. Members throw std::runtime_error
// when the connection fails.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "dataplane/limit/script_call.h"
#include "dataplane/redis/reply.h"

struct redisContext;

namespace sluice::testing {

class BlockingRedis {
 public:
  explicit BlockingRedis(const std::string& socket_path);

  [[nodiscard]] Result<redis::Reply> command(const std::vector<std::string>& arguments);
  // Loads the script if Redis does not know it.
  [[nodiscard]] Result<redis::Reply> run(const limit::ScriptCall& call);

  // The same as text: a text, a number in digits, "" for nil; throws for lists and errors.
  [[nodiscard]] std::string text(const std::vector<std::string>& arguments);
  // A list of texts.
  [[nodiscard]] std::vector<std::string> list(const std::vector<std::string>& arguments);

  // After SUBSCRIBE or PSUBSCRIBE: the next message, waiting for it.
  struct Message {
    std::string channel;
    std::string text;
  };
  [[nodiscard]] Message next_message();

 private:
  std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
};

}  // namespace sluice::testing
