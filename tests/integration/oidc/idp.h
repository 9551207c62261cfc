// An OpenID provider on 127.0.0.1 with real RSA and P-256 keys: codes are used once and PKCE is checked. Tests shape
// the ID tokens that it gives. Blocking code on threads of its own; shares nothing with the code under test. Members
// from any thread.
#pragma once

#include <openssl/evp.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace sluice::testing {

// Of whom the provider speaks.
struct Someone {
  std::string subject;
  std::string email = {};
  bool email_verified = true;
  std::string name = "Ada Example";
};

// How the next ID tokens are made.
struct TokenShape {
  std::string algorithm = "RS256";  // "ES256"; "none"; "HS256" with the public key's text as secret
  bool names_key = true;
  bool forged = false;  // signed with a key that nobody published, under the name of the one that is
  // Instead of what would be there; null: left out.
  boost::json::object claims = {};
  boost::json::object header = {};
};

class Idp {
 public:
  static constexpr const char* kClientId = "our id";
  static constexpr const char* kClientSecret = "our secret:/+";

  Idp();
  ~Idp();
  Idp(const Idp&) = delete;
  Idp& operator=(const Idp&) = delete;

  [[nodiscard]] std::string issuer() const;
  // What the person does in the browser. Returns the code of the redirect.
  [[nodiscard]] std::string agree(const std::string& authorization_url, const Someone& someone);
  // A parameter of the URL.
  [[nodiscard]] static std::string parameter(const std::string& url, const std::string& name);

  void shape(const TokenShape& shape);
  // Other keys from now on, with other names; what is published is the new ones.
  void rotate_keys();

  std::atomic<bool> wants_form = false;                   // the secret in the form, not by HTTP Basic
  std::atomic<bool> names_itself = false;                 // RFC 9207
  std::atomic<bool> lies = false;                         // the discovery document is of another issuer
  std::atomic<bool> away = false;                         // 503 for everything
  std::atomic<int> padding = 0;                           // bytes of white space in front of an answer
  std::atomic<bool> hangs = false;                        // answers only once this is false again
  [[nodiscard]] int waiting() const { return waiting_; }  // for an answer, meanwhile
  [[nodiscard]] int exchanges() const { return exchanges_; }
  [[nodiscard]] int key_reads() const { return key_reads_; }

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  struct Code {
    std::string challenge, redirect_uri, nonce;
    Someone someone;
  };
  struct Answer {
    int status = 200;
    std::string body;
  };

  void accept_all();
  void serve(int client);
  Answer answer(const std::string& head, const std::string& body);
  [[nodiscard]] std::string discovery() const;
  [[nodiscard]] std::string published() const;
  Answer token(const std::string& head, const std::string& body);
  [[nodiscard]] std::string id_token(const Code& code) const;

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> exchanges_ = 0, key_reads_ = 0, waiting_ = 0;
  std::atomic<bool> stopped_ = false;

  mutable std::mutex mutex_;  // for what follows
  Key rsa_, p256_, unpublished_rsa_;
  int generation_ = 1;
  TokenShape shape_;
  int counter_ = 0;
  std::map<std::string, Code> codes_;
  std::set<int> sockets_;
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

}  // namespace sluice::testing
