#include <set>
#include <thread>

#include "common/crypto/api_key.h"
#include "controlplane/billing/redeem_codes.h"
#include "controlplane/billing/redeem_format.h"
#include "tests/integration/billing/subscribed.h"

namespace sluice::billing {

using namespace testing;

namespace {

const crypto::ApiKeyHasher& hasher() {
  static const crypto::ApiKeyHasher one(Secret(std::string(32, 'p')));
  return one;
}

NewCode make(Books& books, RedeemCode wanted) {
  wanted.created_by = "operator";
  return value_of(in_tx(books, [&](db::Transaction& tx) { return create_code(tx, hasher(), wanted, now()); }));
}

RedeemCode money(std::int64_t nano_usd) {
  RedeemCode code;
  code.amount_nano_usd = nano_usd;
  return code;
}

Result<RedeemCode> try_redeem(Books& books, const std::string& user, std::string_view code, SystemTime at = now()) {
  const auto counted = in_tx(books, [&](db::Transaction& tx) { return count_attempt(tx, user, at); });
  if (!counted) return std::unexpected(counted.error());
  return in_tx(books, [&](db::Transaction& tx) { return redeem(tx, hasher(), user, code, at); });
}

}  // namespace

TEST_CASE("one code for many at the same time is used by exactly one") {
  Books books;
  for (int round = 0; round < 5; ++round) {
    const NewCode made = make(books, money(5'000));
    std::vector<std::string> users;
    for (int i = 0; i < 8; ++i)
      users.push_back(books.add_user());
    std::atomic<int> winners{0};
    std::atomic<int> losers{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      // Some users try twice themselves.
      threads.emplace_back([&, i] {
        const auto done = try_redeem(books, users[static_cast<std::size_t>(i / 2)], made.code.reveal());
        if (done) ++winners;
        if (!done && done.error().code == ErrorCode::kNotFound) ++losers;
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    CHECK(winners == 1);
    CHECK(losers == 7);
  }
  CHECK(books.number("SELECT sum(balance_nano_usd)::bigint AS n FROM wallets") == 5 * 5'000);
  CHECK(books.number("SELECT sum(amount_nano_usd)::bigint AS n FROM ledger_lines WHERE account = 'promotion'") ==
        -5 * 5'000);
  CHECK(books.drift().empty());
}

TEST_CASE("codes are random, typed loosely, and stored as a hash") {
  Books books;
  std::set<std::string> codes;
  for (int i = 0; i < 200; ++i)
    codes.emplace(generate_redeem_code().reveal());
  CHECK(codes.size() == 200);
  const NewCode made = make(books, money(10));
  const std::string code(made.code.reveal());
  CHECK(code.size() == 38);
  CHECK(books.number("SELECT count(*) AS n FROM redeem_codes c WHERE c::text LIKE '%" + code + "%' OR c::text LIKE '%" +
                     std::string(canonical_redeem_code(code)->reveal()) + "%'") == 0);
  std::string typed;
  for (const char c : code) {
    if (c == '-') continue;
    typed += c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
    typed += ' ';
  }
  const std::string user = books.add_user();
  CHECK(try_redeem(books, user, typed).has_value());
  CHECK(books.balance_of(user).nano_usd == 10);
  for (const char* wrong : {"", "SR-", "SR-00000-00000-00000-00000-00000-0000!", "'; DROP TABLE users; --"})
    CHECK_FALSE(canonical_redeem_code(wrong).has_value());
}

TEST_CASE("used, revoked, expired and unknown codes are refused in the same words") {
  Books books;
  const std::string user = books.add_user();
  const NewCode used = make(books, money(1));
  CHECK(try_redeem(books, user, used.code.reveal()).has_value());
  const NewCode revoked = make(books, money(1));
  value_of(in_tx(books, [&](db::Transaction& tx) { return revoke_code(tx, revoked.row.id, now()); }));
  RedeemCode soon = money(1);
  soon.expires_at = now() + std::chrono::hours(1);
  const NewCode expired = make(books, soon);
  const Secret unknown = generate_redeem_code();
  std::set<std::string> words;
  for (const std::string_view code :
       {used.code.reveal(), revoked.code.reveal(), expired.code.reveal(), unknown.reveal(), std::string_view("x")}) {
    const auto done = try_redeem(books, user, code, now() + std::chrono::hours(2));
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().code == ErrorCode::kNotFound);
    words.insert(done.error().message);
  }
  CHECK(words.size() == 1);
  CHECK(in_tx(books, [&](db::Transaction& tx) { return revoke_code(tx, used.row.id, now()); }).error().code ==
        ErrorCode::kFailedPrecondition);
  CHECK(books.balance_of(user).nano_usd == 1);
}

TEST_CASE("guessing ends after 20 wrong codes in a day, also in parallel") {
  Books books;
  const std::string user = books.add_user();
  const NewCode good = make(books, money(1));
  std::atomic<int> tried{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        const auto done = try_redeem(books, user, generate_redeem_code().reveal());
        if (!done && done.error().code == ErrorCode::kNotFound) ++tried;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(tried == kRedeemAttempts);
  const auto refused = try_redeem(books, user, good.code.reveal());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kResourceExhausted);
  CHECK(try_redeem(books, books.add_user(), generate_redeem_code().reveal()).error().code == ErrorCode::kNotFound);
  CHECK(try_redeem(books, user, good.code.reveal(), now() + kRedeemAttemptsSpan + std::chrono::minutes(1)).has_value());
}

TEST_CASE("right codes cost no attempts") {
  Books books;
  const std::string user = books.add_user();
  for (int i = 0; i < kRedeemAttempts + 5; ++i)
    CHECK(try_redeem(books, user, make(books, money(1)).code.reveal()).has_value());
  CHECK(books.balance_of(user).nano_usd == kRedeemAttempts + 5);
}

TEST_CASE("codes give slots and subscriptions") {
  Books books;
  const std::string user = books.add_user();
  const auto slots = [&] {
    return books.number("SELECT concurrency::bigint AS n FROM users WHERE id = '" + user + "'");
  };
  RedeemCode three;
  three.kind = CodeKind::kConcurrency;
  three.concurrency = 3;
  CHECK(try_redeem(books, user, make(books, three).code.reveal()).has_value());
  CHECK(slots() == 0);  // unlimited stays so
  value_of(books.try_sql("UPDATE settings SET default_user_concurrency = 5"));
  CHECK(try_redeem(books, user, make(books, three).code.reveal()).has_value());
  CHECK(slots() == 8);
  CHECK(try_redeem(books, user, make(books, three).code.reveal()).has_value());
  CHECK(slots() == 11);

  RedeemCode week;
  week.kind = CodeKind::kSubscription;
  week.plan_id = add_plan(books).id;
  week.days = 7;
  CHECK(try_redeem(books, user, make(books, week).code.reveal()).has_value());
  CHECK(try_redeem(books, user, make(books, week).code.reveal()).has_value());
  CHECK(
      books.number("SELECT extract(day FROM expires_at - starts_at)::bigint AS n FROM subscriptions WHERE user_id = '" +
                   user + "'") == 14);
}

TEST_CASE("codes that make no sense are not made, and redemptions are not unmade") {
  Books books;
  RedeemCode week;
  week.kind = CodeKind::kSubscription;
  week.plan_id = new_id();
  week.days = 7;
  RedeemCode past = money(1);
  past.expires_at = now() - std::chrono::hours(1);
  RedeemCode no_slots;
  no_slots.kind = CodeKind::kConcurrency;
  for (const RedeemCode& wrong : {money(0), money(-1), week, past, no_slots}) {
    CHECK_FALSE(in_tx(books, [&](db::Transaction& tx) { return create_code(tx, hasher(), wrong, now()); }).has_value());
  }
  CHECK(try_redeem(books, books.add_user(), make(books, money(1)).code.reveal()).has_value());
  for (const char* sql : {"UPDATE redemptions SET at = now()", "DELETE FROM redemptions", "TRUNCATE redemptions"})
    CHECK_FALSE(books.try_sql(sql).has_value());
}

}  // namespace sluice::billing
