// A small OAuth provider on 127.0.0.1 with Google's facts beside it: codes are used once, PKCE is checked, refresh
// tokens rotate and their reuse ends the family. Tests can make it late, busy, or lose its answers. Blocking code on
// threads of its own; shares nothing with the code under test. Members from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace sluice::testing {

class Provider {
 public:
  Provider();
  ~Provider();
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  [[nodiscard]] std::string url(const std::string& path) const;
  // What the person does in the browser: agrees. Returns the URL of the redirect.
  [[nodiscard]] std::string agree(const std::string& authorize_url);

  // How the token endpoint behaves; may be changed at any time.
  std::atomic<int> delay_ms = 0;      // before it answers, after it did its work
  std::atomic<int> lose_answers = 0;  // so many: does its work, then closes without an answer
  std::atomic<int> busy_answers = 0;  // so many: 503, nothing done
  std::atomic<int> lifetime_s = 3'600;
  std::atomic<bool> rotates = true;        // each refresh ends the refresh token that it came with
  std::atomic<bool> redirects = false;     // answers 302 to itself
  std::atomic<int> padding = 0;            // bytes of white space in front of an answer
  std::atomic<bool> names_project = true;  // loadCodeAssist knows a project at once
  std::atomic<std::int64_t> drive_limit = std::int64_t{15} << 30;

  // The access token given last, and whether one is good.
  [[nodiscard]] std::string access_token() const;
  [[nodiscard]] std::string refresh_token() const;
  // Whoever signs with the private half of this PEM is a service account.
  void know_service_account(const std::string& public_key_pem);
  // The claims of the last good assertion, JSON.
  [[nodiscard]] std::string claims() const;
  // As if the owner took the access back.
  void revoke_all();

  [[nodiscard]] int refreshes() const { return refreshes_; }  // that gave tokens
  [[nodiscard]] int asked() const { return asked_; }          // at the token endpoint
  [[nodiscard]] int onboardings() const { return onboardings_; }
  [[nodiscard]] bool reuse_seen() const { return reuse_seen_; }
  [[nodiscard]] std::string user_agent() const;

 private:
  using Fields = std::map<std::string, std::string>;
  struct Answer {
    int status = 200;
    std::string body;
    bool lost = false;
  };
  struct Code {
    std::string challenge, redirect_uri;
  };

  void accept_all();
  void serve(int client);
  Answer answer(const std::string& head, const std::string& body);
  Answer token(const Fields& fields);
  Answer code_grant(const Fields& fields);
  Answer refresh_grant(const Fields& fields);
  Answer assertion_grant(const Fields& fields);
  Answer google(const std::string& target, const std::string& head);
  std::string give_tokens();

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> refreshes_ = 0, asked_ = 0, onboardings_ = 0;
  std::atomic<bool> reuse_seen_ = false, stopped_ = false;

  mutable std::mutex mutex_;  // for what follows
  int counter_ = 0;
  std::map<std::string, Code> codes_;
  std::string access_, refresh_, user_agent_, service_key_, claims_;
  std::set<std::string> spent_;
  std::set<int> sockets_;
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

}  // namespace sluice::testing
