// Which passwords are taken, and how they are kept.
#include "controlplane/identity/passwords.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "controlplane/identity/sessions.h"

namespace sluice::identity {

TEST_CASE("a password has 10 to 256 characters and is not the e-mail address") {
  const auto fine = [](const std::string& password) {
    return check_password("password", password, "ada.lovelace@example.com").has_value();
  };
  CHECK_FALSE(fine(""));
  CHECK_FALSE(fine("123456789"));
  CHECK(fine("1234567890"));
  CHECK(fine(std::string(256, 'x')));
  CHECK_FALSE(fine(std::string(257, 'x')));
  std::string umlauts;
  for (int i = 0; i < 9; ++i)
    umlauts += "\xc3\xa4";
  CHECK_FALSE(fine(umlauts));
  CHECK(fine(umlauts + "\xc3\xa4"));
  CHECK_FALSE(fine("1234567890\xc3"));
  CHECK_FALSE(fine("1234567890\xff"));
  CHECK_FALSE(fine("Ada.Lovelace@example.COM"));
  CHECK(check_password("new_password", "short", "").error().message.starts_with("new_password: "));
}

TEST_CASE("a hash is Argon2id, salted, and right for one password") {
  const PasswordHasher hasher;
  const std::string hash = *hasher.hash("correct horse battery");
  CHECK(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
  CHECK(*hasher.hash("correct horse battery") != hash);
  CHECK(*hasher.verify(hash, "correct horse battery"));
  CHECK_FALSE(*hasher.verify(hash, "correct horse batterz"));
  CHECK_FALSE(*hasher.verify(hash, ""));
  CHECK_FALSE(*hasher.verify("", "correct horse battery"));
  CHECK_FALSE(*hasher.verify("", ""));
}

TEST_CASE("many at once are served one after the other") {
  const PasswordHasher hasher;
  const std::string hash = *hasher.hash("correct horse battery");
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const Result<bool> verified = hasher.verify(hash, "correct horse battery");
      if (verified ? *verified : verified.error().code == ErrorCode::kUnavailable) ++right;
    });
  }
  threads.clear();
  CHECK(right == 6);
}

TEST_CASE("a CSRF token belongs to one session and does not show its token") {
  const std::string token(43, 'a');
  const Secret csrf = csrf_token(token);
  CHECK(csrf.reveal().size() == 64);
  CHECK(csrf.reveal() == csrf_token(token).reveal());
  CHECK(csrf.reveal() != csrf_token(std::string(43, 'b')).reveal());
  const SessionUser user{.user = {}, .session = {}, .csrf_token = csrf};
  CHECK(user.csrf_matches(csrf.reveal()));
  CHECK_FALSE(user.csrf_matches(""));
  CHECK_FALSE(user.csrf_matches(std::string(64, '0')));
}

}  // namespace sluice::identity
