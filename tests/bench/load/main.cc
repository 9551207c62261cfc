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

using sluice::bench::LoadOptions;
using sluice::bench::LoadResult;

constexpr std::string_view kUsage =
    "usage: sluice-load --port PORT --request FILE [--keys FILE] --connections N\n"
    "         --requests N [--pause MS]                    closed loop, so many requests\n"
    "       | --time MS [--warm-up MS] [--pause MS]     closed loop, so long\n"
    "       | --rate N --time MS [--warm-up MS] [--deadline MS]   open loop\n"
    "       | --hold                                       one answer each; until stdin ends\n"
    "  --keys: one a line, used in turn instead of the first, which stands in the request\n";

bool read_number(std::string_view text, std::uint64_t& into) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && rest == text.data() + text.size();
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> read_lines(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

// False for an option that is not known or whose value is not a number.
bool read_option(std::string_view name, const char* value, LoadOptions& options) {
  std::uint64_t number = 0;
  if (name == "--request") {
    options.request = read_file(value);
  } else if (name == "--keys") {
    options.keys = read_lines(value);
  } else if (!read_number(value, number)) {
    return false;
  } else if (name == "--port") {
    options.port = static_cast<std::uint16_t>(number);
  } else if (name == "--connections") {
    options.connections = number;
  } else if (name == "--requests") {
    options.requests = number;
  } else if (name == "--rate") {
    options.rate = number;
  } else if (name == "--pause") {
    options.pause = std::chrono::milliseconds(number);
  } else if (name == "--time") {
    options.time = std::chrono::milliseconds(number);
  } else if (name == "--warm-up") {
    options.warm_up = std::chrono::milliseconds(number);
  } else if (name == "--deadline") {
    options.deadline = std::chrono::milliseconds(number);
  } else {
    return false;
  }
  return true;
}

bool read_options(int argc, char** argv, LoadOptions& options) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--hold") {
      options.hold = true;
    } else if (i + 1 == argc || !read_option(argv[i], argv[i + 1], options)) {
      return false;
    } else {
      ++i;
    }
  }
  if (options.hold) options.requests = options.connections;
  return options.port != 0 && !options.request.empty() && (options.requests > 0 || options.time.count() > 0);
}

std::uint32_t percentile(std::vector<std::uint32_t>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

boost::json::object report(LoadResult& result) {
  boost::json::object statuses;
  for (const auto& [status, count] : result.statuses)
    statuses[std::to_string(status)] = count;
  return {{"answers", result.answers},
          {"good", result.good},
          {"failures", result.failures},
          {"not_started", result.not_started},
          {"statuses", std::move(statuses)},
          {"reads", result.reads},
          {"body_bytes", result.body_bytes},
          {"seconds", result.seconds},
          {"first_byte_p50_us", percentile(result.first_byte_us, 0.5)},
          {"first_byte_p99_us", percentile(result.first_byte_us, 0.99)},
          {"whole_p50_us", percentile(result.whole_us, 0.5)},
          {"whole_p99_us", percentile(result.whole_us, 0.99)}};
}

}  // namespace

int main(int argc, char** argv) {
  LoadOptions options;
  if (!read_options(argc, argv, options)) {
    std::cerr << kUsage;
    return 2;
  }
  LoadResult result = options.rate > 0 ? run_open_loop(options) : run_closed_loop(options);
  std::cout << boost::json::serialize(report(result)) << std::endl;
  return 0;
}
