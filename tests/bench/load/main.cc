// sluice-load: see load.h. Prints one JSON object with what it measured.
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "tests/bench/load/load.h"

namespace {

constexpr std::string_view kUsage =
    "usage: sluice-load PORT REQUEST_FILE CONNECTIONS REQUESTS [PAUSE_MS] | sluice-load PORT REQUEST_FILE STREAMS "
    "hold\n";

std::uint32_t percentile(std::vector<std::uint32_t>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && rest == text.data() + text.size();
}

}  // namespace

int main(int argc, char** argv) {
  sluice::bench::LoadOptions options;
  std::uint64_t pause = 0;
  if (argc < 5 || !read_number(argv[1], options.port) || !read_number(argv[3], options.connections)) {
    std::cerr << kUsage;
    return 2;
  }
  options.hold = std::string_view(argv[4]) == "hold";
  options.requests = options.connections;
  if (!options.hold && !read_number(argv[4], options.requests)) {
    std::cerr << kUsage;
    return 2;
  }
  if (argc > 5 && !read_number(argv[5], pause)) {
    std::cerr << kUsage;
    return 2;
  }
  options.pause = std::chrono::milliseconds(pause);
  std::ifstream file(argv[2], std::ios::binary);
  options.request.assign(std::istreambuf_iterator<char>(file), {});

  sluice::bench::LoadResult result = sluice::bench::run_load(options);
  boost::json::object out;
  out["answers"] = result.answers;
  out["failures"] = result.failures;
  out["not_ok"] = result.not_ok;
  out["reads"] = result.reads;
  out["body_bytes"] = result.body_bytes;
  out["seconds"] = result.seconds;
  out["first_byte_p50_us"] = percentile(result.first_byte_us, 0.5);
  out["first_byte_p99_us"] = percentile(result.first_byte_us, 0.99);
  out["whole_p50_us"] = percentile(result.whole_us, 0.5);
  out["whole_p99_us"] = percentile(result.whole_us, 0.99);
  std::cout << boost::json::serialize(out) << std::endl;
  return result.failures == 0 ? 0 : 1;
}
