#include "dataplane/enrolment/node_credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/crypto/secret_file.h"
#include "common/observe/log.h"
#include "common/pki/request.h"

namespace sluice::enrolment {

using observe::Level;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kBetweenAttempts{1'000}, kSoonest{500}, kRetry{60'000};

}  // namespace

Result<std::unique_ptr<NodeCredentials>> NodeCredentials::open(CredentialsOptions options, const Clock& clock) {
  std::unique_ptr<NodeCredentials> credentials(new NodeCredentials(std::move(options), clock));
  if (Result<> ready = credentials->prepare(); !ready) return std::unexpected(ready.error());
  credentials->thread_ = std::thread([raw = credentials.get()] { raw->run(); });
  return credentials;
}

NodeCredentials::~NodeCredentials() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Identity NodeCredentials::current() const {
  const std::lock_guard lock(mutex_);
  return identity_;
}

std::string NodeCredentials::trusted() const {
  const std::lock_guard lock(mutex_);
  return options_.ca_pem + identity_.ca_pem;
}

bool NodeCredentials::ended() const {
  return certificate_.not_after <= clock_.now();
}

Result<> NodeCredentials::prepare() {
  auto stored = load_identity(options_.identity_file);
  if (!stored && stored.error().code != ErrorCode::kNotFound) return std::unexpected(stored.error());
  if (!stored) return enrol_now(options_.attempts);
  auto certificate = pki::read_certificate(stored->certificate_pem);
  if (!certificate) return fail(options_.identity_file.string(), certificate.error());
  if (certificate->common_name != options_.node_id) {
    return fail(ErrorCode::kFailedPrecondition,
                fmt::format("{} is the identity of the node {}, and node_id is {}: remove it and enrol this node",
                            options_.identity_file.string(), certificate->common_name, options_.node_id));
  }
  identity_ = std::move(*stored);
  certificate_ = std::move(*certificate);
  if (!ended()) return {};
  // It can still serve what it knows.
  if (Result<> enrolled = enrol_now(1); !enrolled) {
    observe::log(Level::kError, "node_certificate_ended", {{"cause", enrolled.error().message}});
  }
  return {};
}

Result<> NodeCredentials::enrol_now(int attempts) {
  if (options_.token_file.empty()) {
    return fail(ErrorCode::kFailedPrecondition,
                "this node has no good certificate: have an enrolment token made for it and name its file in "
                "control_plane_tls.enrolment_token_file (docs/enrolment.md)");
  }
  const auto token = crypto::read_secret_file(options_.token_file, "enrolment token");
  if (!token) return std::unexpected(token.error());
  const auto key = pki::make_key();  // one for all attempts: an answer that got lost does not use the token up
  if (!key) return std::unexpected(key.error());
  for (int attempt = 1;; ++attempt) {
    auto identity = enrol(server(), *token, options_.node_id, *key);
    if (identity) {
      observe::log(Level::kInfo, "node_enrolled", {{"node_id", options_.node_id}});
      return adopt(std::move(*identity));
    }
    const bool passing = identity.error().code == ErrorCode::kUnavailable;
    if (!passing || attempt >= attempts || !wait(kBetweenAttempts)) return fail("enrolment", identity.error());
  }
}

Result<> NodeCredentials::renew_now() {
  if (ended()) return enrol_now(1);
  auto identity = renew(server(), current());
  if (!identity) return std::unexpected(identity.error());
  observe::log(Level::kInfo, "node_certificate_renewed", {{"node_id", options_.node_id}});
  return adopt(std::move(*identity));
}

Result<> NodeCredentials::follow_trust() {
  auto ca_pem = get_trust(server());
  if (!ca_pem) return std::unexpected(ca_pem.error());
  Identity next = current();
  if (next.ca_pem == *ca_pem) return {};
  observe::log(Level::kInfo, "authorities_changed", {});
  next.ca_pem = std::move(*ca_pem);
  return adopt(std::move(next));
}

Result<> NodeCredentials::adopt(Identity identity) {
  auto certificate = pki::read_certificate(identity.certificate_pem);
  if (!certificate) return std::unexpected(certificate.error());
  if (Result<> saved = save_identity(options_.identity_file, identity); !saved) return saved;
  certificate_ = std::move(*certificate);
  const std::lock_guard lock(mutex_);
  identity_ = std::move(identity);
  return {};
}

bool NodeCredentials::wait(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

void NodeCredentials::run() {
  SteadyTime trust_at = clock_.steady();
  bool failing = false;
  for (;;) {
    const auto until_renewal = std::chrono::ceil<milliseconds>(pki::renewal_time(certificate_) - clock_.now());
    const auto until_trust = std::chrono::ceil<milliseconds>(trust_at - clock_.steady());
    // A short-lived certificate is tried for more often, so that some attempts fit in before it ends.
    const auto life = std::chrono::floor<milliseconds>(certificate_.not_after - certificate_.not_before);
    const milliseconds retry = std::clamp(life / 30, kSoonest, kRetry);
    const milliseconds time = failing ? retry : std::max(milliseconds(0), std::min(until_renewal, until_trust));
    if (!wait(time)) return;
    const bool due = pki::renewal_time(certificate_) <= clock_.now();
    const Result<> done = due ? renew_now() : follow_trust();
    if (!done && !failing) {
      observe::log(ended() ? Level::kError : Level::kWarn, due ? "node_certificate_not_renewed" : "trust_not_read",
                   {{"cause", done.error().message}});
    }
    failing = !done;
    if (done) trust_at = clock_.steady() + options_.trust_poll;
  }
}

}  // namespace sluice::enrolment
