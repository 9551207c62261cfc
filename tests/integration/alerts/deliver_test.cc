#include <memory>
#include <set>

#include "controlplane/alerts/deliverer.h"
#include "tests/integration/alerts/receiver.h"
#include "tests/integration/alerts/world.h"
#include "tests/support/smtp/mail_server.h"

namespace sluice::alerts {

namespace {

using testing::eventually;
using testing::kGenerous;
using testing::Receiver;

struct Deliveries : World {
  std::unique_ptr<Deliverer> deliverer() {
    DelivererOptions options;
    options.fetch.allowed_networks = {*parse_network("127.0.0.0/8")};
    options.look = std::chrono::milliseconds(10);
    return std::make_unique<Deliverer>(pool, clock, vault, mailer, options);
  }
  mail::Mailer mailer{pool, clock, vault, {.smtp = {.allowed_networks = {*parse_network("127.0.0.0/8")}}}};
  std::string state() { return sql("SELECT string_agg(state, ' ' ORDER BY id) FROM alert_deliveries"); }
  std::string test_of(const std::string& webhook) {
    return must([&](db::Transaction& tx) -> Result<Delivery> {
             const auto row = get_webhook(tx, webhook);
             if (!row) return std::unexpected(row.error());
             return store_test(tx, *row, clock.now());
           })
        .id;
  }
};

}  // namespace

TEST_CASE("a delivery is signed, tried again after a failure, and made once by two replicas") {
  Deliveries world;
  Receiver receiver;
  receiver.answer_next({500, 503});
  const std::string id = world.test_of(world.webhook(receiver.url()));
  const auto first = world.deliverer();
  const auto second = world.deliverer();
  const auto tried = [&](std::size_t count) {
    return eventually(kGenerous, [&] {
      return receiver.received().size() == count &&
             world.sql("SELECT attempts FROM alert_deliveries WHERE last_error <> '' OR state = 'delivered'") ==
                 std::to_string(count);
    });
  };
  REQUIRE(tried(1));
  CHECK(world.state() == "waiting");
  CHECK(world.sql("SELECT http_status FROM alert_deliveries") == "500");
  world.clock.advance(std::chrono::seconds(10));
  REQUIRE(tried(2));
  world.clock.advance(std::chrono::seconds(20));
  REQUIRE(tried(3));
  REQUIRE(eventually(kGenerous, [&] { return world.state() == "delivered"; }));
  const auto last = receiver.received().back();
  CHECK(last.field("x-sluice-delivery") == id);
  CHECK(last.field("x-sluice-signature") == signature(world.key, world.clock.now(), last.body));
  CHECK(last.body.find(id) != std::string::npos);
  CHECK(last.field("user-agent") == "sluice");
}

TEST_CASE("many deliveries by two replicas reach the receiver once each") {
  Deliveries world;
  Receiver receiver;
  const std::string webhook = world.webhook(receiver.url());
  for (int i = 0; i < 20; ++i)
    (void)world.test_of(webhook);
  const auto first = world.deliverer();
  const auto second = world.deliverer();
  REQUIRE(eventually(
      kGenerous, [&] { return world.sql("SELECT count(*) FROM alert_deliveries WHERE state = 'delivered'") == "20"; }));
  std::set<std::string> ids;
  for (const auto& one : receiver.received())
    ids.insert(one.field("x-sluice-delivery"));
  CHECK(receiver.received().size() == 20);
  CHECK(ids.size() == 20);
}

TEST_CASE("a receiver that never takes it is given up, and the log says why") {
  Deliveries world;
  (void)world.test_of(world.webhook("http://127.0.0.1:1/nobody"));
  const auto deliverer = world.deliverer();
  REQUIRE(eventually(kGenerous, [&] {
    world.clock.advance(std::chrono::hours(2));
    return world.state() == "failed";
  }));
  CHECK(world.sql("SELECT attempts FROM alert_deliveries") == std::to_string(kMostAttempts));
  CHECK(world.sql("SELECT last_error FROM alert_deliveries").find("127.0.0.1:1") != std::string::npos);
}

TEST_CASE("an internal address that is not listed is never dialed") {
  Deliveries world;
  Receiver receiver;
  std::string url = receiver.url();
  (void)world.test_of(world.webhook(url.replace(url.find("127.0.0.1"), 9, "localhost")));
  DelivererOptions options;
  options.look = std::chrono::milliseconds(10);
  const Deliverer deliverer(world.pool, world.clock, world.vault, world.mailer, options);
  REQUIRE(eventually(kGenerous, [&] { return world.sql("SELECT last_error FROM alert_deliveries") != ""; }));
  CHECK(receiver.received().empty());
}

TEST_CASE("an alert goes by e-mail, and is logged as it went") {
  Deliveries world;
  testing::MailServer server;
  world.sql("UPDATE mail_settings SET enabled = true, host = '127.0.0.1', security = 'none', port = " +
            std::to_string(server.port()) + ", from_address = 'sluice@example.org'");
  server.answer("RCPT", "550 no such user");
  world.rule({.metric = "journal_backlog", .threshold = 5, .emails = {"nobody@example.com", "ops@example.com"}});
  world.node("node-1", 9);
  world.later();
  const auto deliverer = world.deliverer();
  REQUIRE(eventually(kGenerous, [&] { return world.state().find("waiting") == std::string::npos; }));
  REQUIRE(server.mails().size() == 1);
  const testing::SmtpMail mail = server.mails().front();
  CHECK(mail.text.find("Subject: [Sluice] rule: firing") != std::string::npos);
  CHECK(testing::MailServer::body_of(mail).find("node-1") != std::string::npos);
  // The refusal was final.
  CHECK(world.sql("SELECT string_agg(state || ' ' || attempts, ', ' ORDER BY state) FROM alert_deliveries") ==
        "delivered 1, failed 1");
}

}  // namespace sluice::alerts
