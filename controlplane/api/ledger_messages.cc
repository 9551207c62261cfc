#include "controlplane/api/ledger_messages.h"

#include <charconv>

#include "common/money/money.h"
#include "controlplane/api/convert.h"

namespace sluice::api {

namespace {

// Sums over everything may exceed an amount's range; those stay nano-USD in digits.
std::string usd_of(const std::string& nano_usd) {
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(nano_usd.data(), nano_usd.data() + nano_usd.size(), value);
  return error == std::errc{} && rest == nano_usd.data() + nano_usd.size() ? money::format_usd(value) : nano_usd;
}

}  // namespace

void to_message(const billing::LedgerEntry& row, admin::v1::LedgerEntry& into) {
  into.set_transaction_id(row.transaction_id);
  into.set_kind(row.kind);
  into.set_amount_usd(money::format_usd(row.amount_nano_usd));
  set_time(into.mutable_at(), row.at);
  into.set_external_id(row.external_id);
  into.set_reason(row.reason);
  into.set_actor(row.actor);
}

void to_message(const billing::Drift& drift, admin::v1::LedgerDrift& into) {
  into.set_invariant(drift.invariant);
  into.set_id(drift.id);
  into.set_expected_usd(usd_of(drift.expected_nano_usd));
  into.set_actual_usd(usd_of(drift.actual_nano_usd));
}

}  // namespace sluice::api
