// How fast usage is stored: batches of 500 events through the real ingest (dedupe, events, sums of three levels,
// ledger, wallets, purses), beside the same rows by plain COPY into a table of the same columns and indexes. One
// connection each, in turns.
//   bench_ingest [batches] [rounds]
#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "common/base/random.h"
#include "common/base/uuid.h"
#include "controlplane/billing/ingest.h"
#include "controlplane/store/users.h"
#include "tests/support/migrated_database.h"

namespace {

using namespace sluice;

constexpr int kBatch = 500;
constexpr int kUsers = 100;

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Seconds = std::chrono::duration<double>;

[[noreturn]] void die(const std::string& why) {
  throw std::runtime_error(why);
}

std::string new_id() {
  return Uuid::generate(RealClock().now()).to_string();
}

void run(PGconn& connection, const std::string& sql) {
  PGresult* result = PQexec(&connection, sql.c_str());
  const bool good = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
  PQclear(result);
  if (!good) die(sql + ": " + PQerrorMessage(&connection));
}

// 100 users, 200 keys, 10 groups, 20 accounts, 5 models.
struct World {
  std::vector<std::string> users, keys, groups, accounts;

  explicit World(db::Pool& pool) {
    for (int i = 0; i < kUsers; ++i) {
      const std::string id = new_id();
      const auto made = db::in_transaction(
          pool, [&](db::Transaction& tx) { return store::insert_user(tx, {.id = id, .email = id + "@example.com"}); });
      if (!made) die(made.error().message);
      users.push_back(id);
    }
    for (auto [list, count] : {std::pair{&keys, 200}, {&groups, 10}, {&accounts, 20}}) {
      for (int i = 0; i < count; ++i)
        list->push_back(new_id());
    }
  }

  [[nodiscard]] usage::v1::UsageEvent event() const {
    const auto any = [](const std::vector<std::string>& list) {
      return list[random_below(static_cast<std::uint32_t>(list.size()))];
    };
    usage::v1::UsageEvent event;
    event.set_event_id(new_id());
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(RealClock().now().time_since_epoch()).count();
    event.mutable_started_at()->set_seconds(now - random_below(60));
    event.mutable_ended_at()->set_seconds(now);
    event.set_user_id(any(users));
    event.set_api_key_id(any(keys));
    event.set_group_id(any(groups));
    event.set_account_id(any(accounts));
    event.set_price_id(groups.front());
    event.set_protocol("anthropic");
    event.set_requested_model(fmt::format("claude-model-{}", random_below(5)));
    event.set_served_model(event.requested_model() + "-20250929");
    event.set_streaming(true);
    event.set_outcome(usage::v1::OUTCOME_COMPLETE);
    event.set_usage_state(usage::v1::USAGE_STATE_REPORTED);
    const std::int64_t output = 1 + random_below(2'000);
    event.mutable_tokens()->set_output(output);
    event.mutable_tokens()->set_input(random_below(10'000));
    event.set_raw_usage(std::string(180, 'u'));
    auto* line = event.add_lines();
    line->set_kind(usage::v1::LINE_KIND_OUTPUT);
    line->set_quantity(output);
    line->set_unit_price(15'000'000'000);
    event.set_multiplier_ppm(1'000'000);
    event.set_cost_nano_usd(output * 15'000);
    event.set_upstream_status(200);
    event.set_upstream_request_id("req_0123456789abcdef");
    event.set_first_byte_us(200'000 + random_below(1'000'000));
    event.set_attempts(1);
    return event;
  }
};

// Text as COPY writes it, of the events stored last.
std::vector<std::string> rows_as_copied(PGconn& connection, int batches) {
  PGresult* result = PQexec(
      &connection,
      fmt::format("COPY (SELECT * FROM usage_events ORDER BY event_id DESC LIMIT {}) TO STDOUT", batches * kBatch)
          .c_str());
  if (PQresultStatus(result) != PGRES_COPY_OUT) die(PQerrorMessage(&connection));
  PQclear(result);
  std::vector<std::string> out(static_cast<std::size_t>(batches));
  char* line = nullptr;
  int number = 0;
  for (int size = 0; (size = PQgetCopyData(&connection, &line, 0)) > 0; ++number) {
    out[static_cast<std::size_t>(number / kBatch)].append(line, static_cast<std::size_t>(size));
    PQfreemem(line);
  }
  PQclear(PQgetResult(&connection));
  return out;
}

Seconds copy(PGconn& connection, const std::vector<std::string>& batches) {
  const auto began = std::chrono::steady_clock::now();
  for (const std::string& rows : batches) {
    PQclear(PQexec(&connection, "COPY plain_events FROM STDIN"));
    if (PQputCopyData(&connection, rows.data(), static_cast<int>(rows.size())) != 1 ||
        PQputCopyEnd(&connection, nullptr) != 1) {
      die(PQerrorMessage(&connection));
    }
    PGresult* result = PQgetResult(&connection);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) die(PQerrorMessage(&connection));
    PQclear(result);
    while (PGresult* rest = PQgetResult(&connection))
      PQclear(rest);
  }
  return std::chrono::steady_clock::now() - began;
}

Seconds store(billing::Ingest& ingest, const World& world, int batches) {
  std::vector<billing::Ingest::Events> made(static_cast<std::size_t>(batches));
  for (auto& batch : made) {
    for (int i = 0; i < kBatch; ++i)
      *batch.Add() = world.event();
  }
  const auto began = std::chrono::steady_clock::now();
  for (const auto& batch : made) {
    const auto stored = ingest.store("node-1", batch);
    if (!stored || stored->stored != kBatch) die("a batch was not stored whole");
  }
  return std::chrono::steady_clock::now() - began;
}

void measure(int batches, int rounds) {
  const std::string conninfo = testing::migrated_database();
  const RealClock clock;
  db::Pool pool({.conninfo = Secret(conninfo), .size = 1});
  billing::Ingest ingest(pool, clock);
  const World world(pool);
  const Connection connection(PQconnectdb(conninfo.c_str()), &PQfinish);
  run(*connection, "CREATE TABLE plain_events (LIKE usage_events INCLUDING ALL)");
  (void)store(ingest, world, batches);  // warms both up
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    const Seconds stored = store(ingest, world, batches);
    const auto rows = rows_as_copied(*connection, batches);
    const Seconds copied = copy(*connection, rows);
    ratios.push_back(stored / copied);
    const double events = batches * kBatch;
    fmt::print("round {}: ingest {:>8.0f} events/s  COPY {:>8.0f} events/s  ratio {:.2f}\n", round + 1,
               events / stored.count(), events / copied.count(), ratios.back());
  }
  std::ranges::sort(ratios);
  fmt::print("ingest takes {:.2f} times as long as COPY (median of {}, {:.2f} to {:.2f})\n", ratios[ratios.size() / 2],
             rounds, ratios.front(), ratios.back());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    measure(argc > 1 ? std::atoi(argv[1]) : 100, argc > 2 ? std::atoi(argv[2]) : 5);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_ingest: {}\n", error.what());
    return 1;
  }
}
