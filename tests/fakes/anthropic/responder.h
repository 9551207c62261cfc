// Decides the answer to one request: routes, the vendor's own checks, steering. Thread-safe; one for all threads.
#pragma once

#include <string>
#include <string_view>

#include "tests/fakes/anthropic/books.h"
#include "tests/fakes/anthropic/call.h"
#include "tests/fakes/anthropic/http_request.h"
#include "tests/fakes/anthropic/script.h"
#include "tests/fakes/anthropic/steering.h"

namespace sluice::fakes {

class Responder {
 public:
  // `key`: the credential asked for, empty for any. `books` must outlive this.
  Responder(std::string key, Books& books) : key_(std::move(key)), books_(books) {}

  Script respond(const HttpRequest& request);

 private:
  Script route(const HttpRequest& request);
  Script own_page(const HttpRequest& request);
  Script steer_account(const HttpRequest& request);
  Script vendor(const HttpRequest& request);
  Script messages(const HttpRequest& request, bool count_only);
  // The steering of this request and of its credential; false and a message if it cannot be read.
  bool steer(const HttpRequest& request, const Call& call, Steering& out, std::string& error);
  // Lays one text over `out`, unless it is for another credential or its times are over. `scope` keeps counters apart.
  bool lay(std::string_view text, std::string_view credential, std::string_view scope, Steering& out,
           std::string& error);

  std::string key_;
  Books& books_;
};

}  // namespace sluice::fakes
