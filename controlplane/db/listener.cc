#include "controlplane/db/listener.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "common/base/random.h"

namespace sluice::db {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstBackoff{50};
constexpr milliseconds kLastBackoff{5'000};

milliseconds until(steady_clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(deadline - steady_clock::now()));
}

std::string lost_message(const pg_conn* conn) {
  const std::string_view text = PQerrorMessage(conn);
  return "the database connection for notifications was lost: " + std::string(text.substr(0, text.find('\n')));
}

}  // namespace

Listener::Listener(Secret conninfo, std::vector<std::string> channels)
    : conninfo_(std::move(conninfo)),
      channels_(std::move(channels)),
      event_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Listener::~Listener() {
  close(event_fd_);
}

void Listener::interrupt() {
  (void)eventfd_write(event_fd_, 1);
}

Result<> Listener::connect() {
  auto opened = Connection::open(std::string(conninfo_.reveal()), {.application_name = "sluice-listener"});
  if (!opened) return std::unexpected(opened.error());
  for (const auto& channel : channels_) {
    const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
        PQescapeIdentifier(opened->handle(), channel.data(), channel.size()), &PQfreemem);
    if (!quoted) return fail(ErrorCode::kInvalidArgument, "not a channel name: " + channel);
    if (auto done = opened->exec_script(std::string("LISTEN ") + quoted.get()); !done) return done;
  }
  connection_ = std::move(*opened);
  error_.reset();
  backoff_ = milliseconds(0);
  return {};
}

void Listener::lost(Error why) {
  connection_.reset();
  error_ = std::move(why);
  redial_at_ = steady_clock::now() + backoff_ / 2 + milliseconds(random_below(backoff_.count() / 2 + 1));
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kLastBackoff);
}

// Waits until `extra_fd` (-1: none) has something, the limit has passed, or interrupt() was called (then true).
bool Listener::interrupted_within(int extra_fd, milliseconds limit) {
  std::array<pollfd, 2> fds = {pollfd{event_fd_, POLLIN, 0}, pollfd{extra_fd, POLLIN, 0}};
  (void)poll(fds.data(), fds.size(), static_cast<int>(std::min<milliseconds::rep>(limit.count(), 1'000'000)));
  eventfd_t ignored = 0;
  return (fds[0].revents & POLLIN) != 0 && eventfd_read(event_fd_, &ignored) == 0;
}

bool Listener::take_notifications() {
  bool any = false;
  while (PGnotify* note = PQnotifies(connection_->handle())) {
    PQfreemem(note);
    any = true;
  }
  return any;
}

Wake Listener::wait_to_redial(Deadline deadline) {
  for (;;) {
    if (interrupted_within(-1, until(std::min(deadline, redial_at_)))) return Wake::kInterrupted;
    if (steady_clock::now() >= redial_at_) {
      auto connected = connect();
      if (connected) return Wake::kConnected;
      lost(connected.error());
    }
    if (steady_clock::now() >= deadline) return Wake::kTimeout;
  }
}

Wake Listener::wait(milliseconds limit) {
  const Deadline deadline = steady_clock::now() + limit;
  for (;;) {
    if (!connection_) return wait_to_redial(deadline);
    // A notification may have come in with an earlier read.
    if (take_notifications()) return Wake::kNotified;
    if (interrupted_within(PQsocket(connection_->handle()), until(deadline))) return Wake::kInterrupted;
    if (PQconsumeInput(connection_->handle()) == 0) {
      lost({ErrorCode::kUnavailable, lost_message(connection_->handle())});
      continue;
    }
    if (take_notifications()) return Wake::kNotified;
    if (steady_clock::now() >= deadline) return Wake::kTimeout;
  }
}

}  // namespace sluice::db
