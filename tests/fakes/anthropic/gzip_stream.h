// One gzip member written piece by piece, each piece readable as soon as it arrives. Used by one thread.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace sluice::fakes {

class GzipStream {
 public:
  GzipStream() { deflateInit2(&stream_, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY); }
  ~GzipStream() { deflateEnd(&stream_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  std::string add(std::string_view bytes) { return run(bytes, Z_SYNC_FLUSH); }
  std::string finish(std::string_view bytes) { return run(bytes, Z_FINISH); }

 private:
  std::string run(std::string_view bytes, int flush);

  z_stream stream_{};
};

}  // namespace sluice::fakes
