// fake-anthropic: a fake of the Anthropic Messages API for tests, load tests and local development.
// README.md in this folder tells how to steer it.
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/fakes/anthropic/books.h"
#include "tests/fakes/anthropic/loop.h"
#include "tests/fakes/anthropic/responder.h"
#include "tests/fakes/anthropic/transport.h"

namespace {

constexpr const char* kUsage =
    "usage: fake-anthropic [--listen 127.0.0.1:PORT] [--threads N] [--key KEY] [--log N]\n"
    "                      [--tls-cert FILE --tls-key FILE]\n"
    "  --listen   where to listen; port 0 (default) takes a free one\n"
    "  --threads  event loops (default 1)\n"
    "  --key      the credential asked for (default: any)\n"
    "  --log      keep the last N requests for GET /__fake/log (default 0)\n"
    "Prints one line of JSON once it listens: {\"listen\":\"127.0.0.1:1234\",\"port\":1234,\"pid\":1}\n";

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::size_t threads = 1;
  std::string key;
  std::size_t log = 0;
  std::string tls_certificate, tls_key;
};

template <typename Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc{} && end == text.data() + text.size();
}

bool read_option(std::string_view name, const std::string& value, Options& out) {
  if (name == "--listen") {
    const std::size_t colon = value.rfind(':');
    out.address = value.substr(0, colon);
    return colon != std::string::npos && read_number(std::string_view(value).substr(colon + 1), out.port);
  }
  if (name == "--threads") return read_number(value, out.threads) && out.threads >= 1 && out.threads <= 256;
  if (name == "--log") return read_number(value, out.log);
  if (name == "--key") return !(out.key = value).empty();
  if (name == "--tls-cert") return !(out.tls_certificate = value).empty();
  if (name == "--tls-key") return !(out.tls_key = value).empty();
  return false;
}

int fail(const std::string& message) {
  std::fprintf(stderr, "fake-anthropic: %s\n", message.c_str());
  return 1;
}

void raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace sluice::fakes;
  Options options;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 >= argc || !read_option(argv[i], argv[i + 1], options)) {
      std::fputs(kUsage, stderr);
      return fail(std::string("cannot use the option ") + argv[i]);
    }
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  raise_file_limit();

  std::string error;
  SslContext tls;
  if (!options.tls_certificate.empty() || !options.tls_key.empty()) {
    tls = make_tls_context(options.tls_certificate, options.tls_key, error);
    if (!tls) return fail(error);
  }
  Books books(options.log);
  Responder responder(options.key, books);
  std::vector<int> listeners;
  for (std::size_t i = 0; i < options.threads; ++i) {
    listeners.push_back(listen_on(options.address, options.port, error));
    if (listeners.back() < 0) return fail(error);
  }
  std::vector<std::thread> threads;
  for (const int listener : listeners) {
    threads.emplace_back([&, listener] { Loop(listener, tls.get(), responder, books).run(); });
  }
  std::printf("{\"listen\":\"%s:%d\",\"port\":%d,\"pid\":%d}\n", options.address.c_str(), options.port, options.port,
              static_cast<int>(getpid()));
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ending, &signal);
  _exit(0);
}
