// One call of one of the scripts, ready for redis::Client::eval or fire_eval. Plain value.
#pragma once

#include <string>
#include <vector>

#include "dataplane/redis/script.h"

namespace sluice::limit {

struct ScriptCall {
  const redis::Script* script = nullptr;
  std::vector<std::string> keys;
  std::vector<std::string> arguments;
};

}  // namespace sluice::limit
