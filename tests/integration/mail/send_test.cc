#include <catch2/catch.hpp>
#include <fstream>
#include <memory>

#include "common/pki/authority.h"
#include "common/pki/request.h"
#include "controlplane/mail/mailer.h"
#include "controlplane/mail/settings.h"
#include "tests/support/eventually.h"
#include "tests/support/migrated_database.h"
#include "tests/support/smtp/mail_server.h"
#include "tests/support/temp_dir.h"

namespace sluice::mail {

namespace {

using testing::eventually;
using testing::kGenerous;
using testing::MailServer;
using testing::SmtpSecurity;

const Message kHello{.to = "ada@example.com", .subject = "Hello", .text = Secret("Some text.\n")};

SmtpOptions open_options() {
  return {.allowed_networks = {*parse_network("127.0.0.0/8")}};
}

SmtpServer server_at(const MailServer& fake, Security security) {
  return {.host = "localhost",
          .port = fake.port(),
          .security = security,
          .username = "sluice",
          .password = Secret("smtp password"),
          .from = {.address = "sluice@example.org", .name = "Sluice"}};
}

Result<> send(const SmtpServer& server, const SmtpOptions& options) {
  return deliver(server, kHello.to, render(kHello, server.from, RealClock().now(), "id"), options);
}

struct World {
  db::Pool pool{
      db::PoolOptions{.conninfo = Secret(testing::migrated_database()), .size = 6, .acquire_limit = kGenerous}};
  ManualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12)};
  crypto::Vault vault{{{1, Secret(std::string(32, 'k'))}}};

  template <class Fn>
  auto must(Fn&& fn) {
    auto result = db::in_transaction(pool, std::forward<Fn>(fn));
    INFO((result ? std::string() : result.error().message));
    REQUIRE(result.has_value());
    return *std::move(result);
  }
  std::unique_ptr<Mailer> mailer() {
    return std::make_unique<Mailer>(pool, clock, vault,
                                    MailerOptions{.smtp = open_options(), .look = std::chrono::milliseconds(10)});
  }
  void use(const MailServer& fake) {
    must([&](db::Transaction& tx) {
      Settings row = *get_settings(tx);
      row.enabled = true;
      row.host = "127.0.0.1";
      row.port = fake.port();
      row.security = Security::kNone;
      row.from_address = "sluice@example.org";
      return update_settings(tx, row);
    });
  }
  std::string queue_hello() {
    return must([&](db::Transaction& tx) { return queue(tx, vault, kHello, clock.now()); });
  }
  Mail only() {
    const auto page = must([](db::Transaction& tx) { return list_mails(tx, {.size = 10, .cursor = {}}); });
    REQUIRE(page.rows.size() == 1);
    return page.rows.front();
  }
  bool comes_to(const std::string& state, int attempts) {
    return eventually(kGenerous, [&] {
      const Mail mail = only();
      return mail.state == state && mail.attempts == attempts && (state != "waiting" || !mail.last_error.empty());
    });
  }
};

}  // namespace

TEST_CASE("a mail arrives as it was written, over STARTTLS, TLS and plain text") {
  const SystemTime now = RealClock().now();
  const pki::Validity validity{.from = now - std::chrono::hours(1), .to = now + std::chrono::hours(1)};
  const auto authority = pki::make_authority("test", validity);
  REQUIRE(authority);
  const auto key = pki::make_key();
  REQUIRE(key);
  const std::vector<std::string> names{"localhost"};
  const auto certificate = pki::sign_server(*authority, *key, names, validity);
  REQUIRE(certificate);
  const testing::TempDir dir;
  SmtpOptions options = open_options();
  options.authorities = dir / "ca.pem";
  std::ofstream(options.authorities) << authority->certificate_pem;

  const auto [offered, wanted] = GENERATE(table<SmtpSecurity, Security>({{SmtpSecurity::kStartTls, Security::kStartTls},
                                                                         {SmtpSecurity::kTls, Security::kTls},
                                                                         {SmtpSecurity::kNone, Security::kNone}}));
  MailServer fake(offered, *certificate, std::string(key->reveal()));
  const Result<> sent = send(server_at(fake, wanted), options);
  INFO((sent ? std::string() : sent.error().message));
  REQUIRE(sent);
  REQUIRE(fake.mails().size() == 1);
  const testing::SmtpMail mail = fake.mails().front();
  CHECK(mail.tls == (wanted != Security::kNone));
  CHECK(mail.hello == "example.org");
  CHECK(mail.from == "sluice@example.org");
  CHECK(mail.to == "ada@example.com");
  CHECK_FALSE(mail.login.empty());
  CHECK(MailServer::body_of(mail) == "Some text.\n");

  if (wanted == Security::kNone) return;
  // A stranger's certificate: no login and no mail.
  const Result<> untrusted = send(server_at(fake, wanted), open_options());
  REQUIRE_FALSE(untrusted);
  CHECK(untrusted.error().code == ErrorCode::kUnavailable);
  CHECK(fake.mails().size() == 1);
}

TEST_CASE("a server that does not offer STARTTLS gets neither the password nor the mail") {
  MailServer fake;
  const Result<> sent = send(server_at(fake, Security::kStartTls), open_options());
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == ErrorCode::kUnavailable);
  CHECK(fake.mails().empty());
}

TEST_CASE("internal servers must be listed") {
  MailServer fake;
  for (const Security security : {Security::kNone, Security::kStartTls}) {
    const Result<> sent = send(server_at(fake, security), {});
    REQUIRE_FALSE(sent);
    CHECK(sent.error().code == ErrorCode::kInvalidArgument);
    CHECK(sent.error().message.find("allow_private_upstreams") != std::string::npos);
  }
  CHECK(fake.mails().empty());
}

TEST_CASE("the server's word is final where it is, and the text of a mail stays sealed and goes") {
  World world;
  MailServer fake;
  world.use(fake);
  const std::string id = world.queue_hello();
  CHECK(world.only().sealed.find("Some text") == std::string::npos);
  SECTION("sent once by two replicas, although the server was busy first") {
    fake.answer("MAIL", "451 come back later");
    const auto first = world.mailer();
    const auto second = world.mailer();
    REQUIRE(world.comes_to("waiting", 1));
    CHECK(world.only().last_error.find("451") != std::string::npos);
    world.clock.advance(std::chrono::seconds(15));
    REQUIRE(world.comes_to("sent", 2));
    CHECK(fake.mails().size() == 1);
  }
  SECTION("a recipient that does not exist is not tried again") {
    fake.answer("RCPT", "550 no such user");
    const auto mailer = world.mailer();
    REQUIRE(world.comes_to("failed", 1));
    CHECK(world.only().last_error.find("550") != std::string::npos);
  }
  SECTION("in the end it has failed") {
    fake.answer("MAIL", "451 come back later", kMostAttempts);
    const auto mailer = world.mailer();
    REQUIRE(eventually(kGenerous, [&] {
      world.clock.advance(std::chrono::seconds(1'800));
      return world.only().state == "failed";
    }));
    CHECK(world.only().attempts == kMostAttempts);
  }
  CHECK(world.only().sealed.empty());
  CHECK(world.only().id == id);
}

TEST_CASE("nothing is sent while mail is not set up, and what waits is sent afterwards") {
  World world;
  MailServer fake;
  world.queue_hello();
  const auto mailer = world.mailer();
  REQUIRE(world.comes_to("waiting", 1));
  CHECK(world.only().last_error.find("not set up") != std::string::npos);
  world.use(fake);
  world.clock.advance(std::chrono::seconds(15));
  REQUIRE(world.comes_to("sent", 2));
  CHECK(MailServer::body_of(fake.mails().front()) == "Some text.\n");
}

}  // namespace sluice::mail
