// What the node shows to the control plane, and whom it believes: enrols once, renews in time, follows a change of
// authority. One thread of its own from open() to destruction. Thread-safe.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/pki/certificate.h"
#include "dataplane/enrolment/enrolment_client.h"
#include "dataplane/enrolment/identity_file.h"

namespace sluice::enrolment {

struct CredentialsOptions {
  std::string address;  // of the control plane
  std::string node_id;
  std::filesystem::path identity_file;  // made by enrolment
  std::string ca_pem;                   // believed besides what the control plane names
  std::filesystem::path token_file;     // for enrolment; may be empty once enrolled
  // How often to ask which authorities to believe.
  std::chrono::milliseconds trust_poll = std::chrono::hours(1);
  // How often a first enrolment is tried while the control plane cannot be reached.
  int attempts = 5;
};

class NodeCredentials {
 public:
  // Enrols if there is no certificate yet, or only one that has ended. An error says what to do about it.
  [[nodiscard]] static Result<std::unique_ptr<NodeCredentials>> open(CredentialsOptions options, const Clock& clock);
  NodeCredentials(const NodeCredentials&) = delete;
  NodeCredentials& operator=(const NodeCredentials&) = delete;
  ~NodeCredentials();

  // To be asked for at each new connection.
  [[nodiscard]] Identity current() const;
  // Whose certificates of the control plane count.
  [[nodiscard]] std::string trusted() const;

 private:
  NodeCredentials(CredentialsOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  [[nodiscard]] Result<> prepare();
  [[nodiscard]] Result<> enrol_now(int attempts);
  [[nodiscard]] Result<> renew_now();
  [[nodiscard]] Result<> follow_trust();
  [[nodiscard]] Result<> adopt(Identity identity);
  [[nodiscard]] bool ended() const;
  [[nodiscard]] Server server() const { return {options_.address, trusted()}; }
  // False if it is to stop.
  [[nodiscard]] bool wait(std::chrono::milliseconds time);
  void run();

  const CredentialsOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  Identity identity_;
  pki::Certificate certificate_;  // as read from identity_; of the thread, once it runs
  std::thread thread_;            // last: it uses the others
};

}  // namespace sluice::enrolment
