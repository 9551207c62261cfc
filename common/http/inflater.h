// Takes a content coding (gzip or deflate) off a body, piece by piece as it arrives. Synchronous; one body, one thread.
// Holds about 64 KiB while it lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/status.h"

namespace sluice::http {

class Inflater {
 public:
  static constexpr std::size_t kMaxPieceBytes = 16 * 1024;
  // A body that swells beyond this without being large is an attack: kResourceExhausted.
  static constexpr std::uint64_t kFreeBytes = 1024 * 1024;
  static constexpr std::uint64_t kMaxRatio = 200;

  // By the value of Content-Encoding: "gzip", "x-gzip" (both may have several members) or "deflate" (zlib format), in
  // any case. Others, lists, "identity" and the empty text are kInvalidArgument: a body without a coding needs none.
  [[nodiscard]] static Result<Inflater> for_encoding(std::string_view content_encoding);
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  // Hands everything that `in` completes to `out(std::string_view)`, in pieces of at most kMaxPieceBytes, each valid
  // until `out` returns. kDataLoss: damaged, or bytes behind the end. After an error every call fails with it.
  template <class Out>
  [[nodiscard]] Result<> push(std::string_view in, Out&& out) {
    feed(in);
    for (;;) {
      Result<std::string_view> piece = next();
      if (!piece) return std::unexpected(std::move(piece.error()));
      if (piece->empty()) return {};
      out(*piece);
    }
  }

  // The same by pulling, for who must wait between pieces: feed(), then next() until it is empty. `in` must live
  // until then; a piece is valid until the following call.
  void feed(std::string_view in);
  [[nodiscard]] Result<std::string_view> next();

  // False while the body is cut short. A body without a single byte is not.
  [[nodiscard]] bool finished() const;

 private:
  struct State;
  explicit Inflater(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::http
