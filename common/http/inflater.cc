#include "common/http/inflater.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/http/head.h"

namespace sluice::http {

namespace {

constexpr int kWindowBits = 15;            // the largest there is
constexpr int kGzipBits = 16;              // added: expect a gzip head and trailer instead of zlib's
constexpr std::size_t kMaxStep = 1 << 30;  // zlib counts in unsigned int

}  // namespace

struct Inflater::State {
  explicit State(bool is_gzip) : gzip(is_gzip) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (ready) inflateEnd(&stream);
  }

  [[nodiscard]] Result<std::string_view> next();
  // One call of zlib: the bytes it put into the buffer.
  [[nodiscard]] Result<std::size_t> step();
  [[nodiscard]] std::unexpected<Error> failed(ErrorCode code, std::string message);

  z_stream stream{};
  const bool gzip;
  bool ready = false;
  bool ended = true;  // between members, or nothing came yet
  bool stalled = false;
  std::string_view input;
  std::uint64_t taken = 0;
  std::uint64_t made = 0;
  std::optional<Error> failure;
  std::array<char, kMaxPieceBytes> buffer;
};

std::unexpected<Error> Inflater::State::failed(ErrorCode code, std::string message) {
  failure = Error{code, std::move(message)};
  return std::unexpected(*failure);
}

Result<std::size_t> Inflater::State::step() {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));  // zlib only reads it
  const std::size_t offered = std::min(input.size(), kMaxStep);
  stream.avail_in = static_cast<uInt>(offered);
  stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
  stream.avail_out = static_cast<uInt>(buffer.size());
  const int result = inflate(&stream, Z_NO_FLUSH);
  const std::size_t used = offered - stream.avail_in;
  const std::size_t got = buffer.size() - stream.avail_out;
  input.remove_prefix(used);
  taken += used;
  made += got;
  if (result == Z_MEM_ERROR) return failed(ErrorCode::kResourceExhausted, "no memory to decode the body");
  if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
    const char* why = result == Z_NEED_DICT ? "it wants a dictionary" : stream.msg;
    return failed(ErrorCode::kDataLoss,
                  fmt::format("the {} body is damaged: {}", gzip ? "gzip" : "deflate", why ? why : "unknown fault"));
  }
  ended = result == Z_STREAM_END;
  stalled = used == 0 && got == 0 && !ended;
  return got;
}

Result<std::string_view> Inflater::State::next() {
  if (failure) return std::unexpected(*failure);
  for (;;) {
    if (ended) {
      if (input.empty()) return std::string_view();
      if (taken > 0 && !gzip) return failed(ErrorCode::kDataLoss, "bytes follow the end of the deflate body");
      inflateReset(&stream);
    }
    Result<std::size_t> got = step();
    if (!got) return std::unexpected(std::move(got.error()));
    if (made > kFreeBytes && made / kMaxRatio > taken) {
      return failed(ErrorCode::kResourceExhausted,
                    fmt::format("the compressed body swells to more than {} times its size", kMaxRatio));
    }
    if (*got > 0) return std::string_view(buffer.data(), *got);
    if (stalled) return std::string_view();
  }
}

Result<Inflater> Inflater::for_encoding(std::string_view content_encoding) {
  const bool gzip = same_name(content_encoding, "gzip") || same_name(content_encoding, "x-gzip");
  if (!gzip && !same_name(content_encoding, "deflate")) {
    return fail(ErrorCode::kInvalidArgument, "the body has a content coding that is neither gzip nor deflate");
  }
  auto state = std::make_unique<State>(gzip);
  if (inflateInit2(&state->stream, gzip ? kWindowBits + kGzipBits : kWindowBits) != Z_OK) {
    return fail(ErrorCode::kResourceExhausted, "no memory to decode the body");
  }
  state->ready = true;
  return Inflater(std::move(state));
}

Inflater::Inflater(std::unique_ptr<State> state) : state_(std::move(state)) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

void Inflater::feed(std::string_view in) {
  state_->input = in;
}

Result<std::string_view> Inflater::next() {
  return state_->next();
}

bool Inflater::finished() const {
  return !state_->failure && state_->ended && state_->input.empty();
}

}  // namespace sluice::http
