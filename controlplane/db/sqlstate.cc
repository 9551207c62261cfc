#include "controlplane/db/sqlstate.h"

#include <array>

namespace sluice::db {
namespace {

struct Meaning {
  std::string_view prefix;
  ErrorCode code;
};

// The first match counts, so single codes stand before their class.
constexpr std::array kMeanings = {
    Meaning{"23505", ErrorCode::kAlreadyExists},       // unique_violation
    Meaning{"23503", ErrorCode::kFailedPrecondition},  // foreign_key_violation
    Meaning{"23", ErrorCode::kInvalidArgument},        // check, not null, exclusion
    Meaning{"22", ErrorCode::kInvalidArgument},        // malformed or out-of-range value
    Meaning{"40", ErrorCode::kUnavailable},            // serialization failure, deadlock
    Meaning{"08", ErrorCode::kUnavailable},            // connection
    Meaning{"57014", ErrorCode::kDeadlineExceeded},    // statement timeout
    Meaning{"57P", ErrorCode::kUnavailable},           // server shuts down, crashed or starts up
    Meaning{"55P03", ErrorCode::kUnavailable},         // lock not available
    Meaning{"25006", ErrorCode::kUnavailable},         // read-only: a standby after a failover
    Meaning{"53300", ErrorCode::kUnavailable},         // too many connections
    Meaning{"53", ErrorCode::kResourceExhausted},      // disk or memory full
    Meaning{"42501", ErrorCode::kPermissionDenied},    // insufficient privilege, append-only table
    Meaning{"28", ErrorCode::kPermissionDenied},       // login refused
    Meaning{"P0001", ErrorCode::kFailedPrecondition},  // raised by one of our triggers
};

}  // namespace

ErrorCode code_of(std::string_view sqlstate) {
  if (sqlstate.empty()) return ErrorCode::kUnavailable;
  for (const auto& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.prefix)) return meaning.code;
  }
  return ErrorCode::kInternal;
}

bool is_conflict(std::string_view sqlstate) {
  return sqlstate == "40001" || sqlstate == "40P01";
}

}  // namespace sluice::db
