#include "tests/fakes/anthropic/gzip_stream.h"

namespace sluice::fakes {

std::string GzipStream::run(std::string_view bytes, int flush) {
  std::string out(deflateBound(&stream_, bytes.size()) + 64, '\0');
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream_.avail_in = static_cast<uInt>(bytes.size());
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = static_cast<uInt>(out.size());
  deflate(&stream_, flush);
  out.resize(out.size() - stream_.avail_out);
  return out;
}

}  // namespace sluice::fakes
