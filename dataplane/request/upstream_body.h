// The body of an upstream's answer, with its content coding taken off: some upstreams compress although identity was
// asked for. One worker.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/http/client_pool.h"
#include "common/http/inflater.h"

namespace sluice::request {

class UpstreamBody {
 public:
  // Fails for a content coding that we cannot take off.
  [[nodiscard]] static Result<UpstreamBody> open(http::ClientResponse answer);

  [[nodiscard]] http::ClientResponse& answer() { return answer_; }
  [[nodiscard]] const http::ClientResponse& answer() const { return answer_; }

  // As http::ClientResponse. A piece may be empty although it is not the last one.
  [[nodiscard]] io::Task<Result<bool>> wait(SteadyTime until);
  [[nodiscard]] io::Task<Result<http::ClientResponse::Piece>> read(SteadyTime deadline);
  // `idle`: the longest silence within the body.
  [[nodiscard]] io::Task<Result<std::string>> read_whole(std::size_t max_bytes, const Clock& clock,
                                                         std::chrono::milliseconds idle, SteadyTime deadline);

 private:
  UpstreamBody(http::ClientResponse answer, std::optional<http::Inflater> inflater)
      : answer_(std::move(answer)), inflater_(std::move(inflater)) {}
  [[nodiscard]] Result<> inflate(std::string_view bytes, bool last, std::size_t max_bytes);

  http::ClientResponse answer_;
  std::optional<http::Inflater> inflater_;
  std::string plain_;  // what the last piece came to
};

}  // namespace sluice::request
