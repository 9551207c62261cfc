// Errors as values. Every function that can fail for a reason of the world (input, network, disk, config) returns
// Result<T>; broken invariants abort. Free of threads and locks.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice {

enum class ErrorCode : std::uint8_t {
  kInvalidArgument,     // the caller's input is wrong
  kNotFound,            // no such object
  kAlreadyExists,       // it is there already
  kUnauthenticated,     // no or unknown credentials
  kPermissionDenied,    // known, but not allowed
  kFailedPrecondition,  // not in the present state (for example a stale etag)
  kResourceExhausted,   // a limit or quota is used up
  kDeadlineExceeded,    // took too long
  kUnavailable,         // a peer is away; trying later may help
  kClosed,              // the peer ended the connection
  kCancelled,           // our own side gave up
  kDataLoss,            // stored or received data is damaged
  kInternal,            // a fault of ours
};

// Stable lower-case name, e.g. "not_found".
[[nodiscard]] std::string_view name(ErrorCode code);

// What went wrong, with a message that a person can act on. Never carries a secret.
struct Error {
  ErrorCode code;
  std::string message;
};

template <class T = void>
using Result = std::expected<T, Error>;

// return fail(ErrorCode::kNotFound, "no account with id ...");
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

// The same error with what was being done in front: "reading config: no such file".
[[nodiscard]] std::unexpected<Error> fail(std::string_view doing, const Error& cause);

}  // namespace sluice
