// What is written about a grant after work on it that did not bring tokens. Blocking; any thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "controlplane/oauth/google.h"
#include "controlplane/oauth/token_endpoint.h"
#include "controlplane/store/oauth_grants.h"

namespace sluice::oauth {

enum class FailureNoted : std::uint8_t {
  kOverlooked,  // the grant has newer tokens by now, so the failure means nothing
  kRetry,       // written down; tried again later
  kNeedsLogin,  // no further try: a person has to log in
};

// `tried` is the grant as it was claimed. The stored row is read again: what another replica stored meanwhile wins. A
// refresh token counts as dead only when it was refused twice, `second_look` apart, in the same generation.
[[nodiscard]] Result<FailureNoted> note_refresh_failure(db::Transaction& tx, SystemTime now,
                                                        const store::OAuthGrant& tried, const TokenFailure& failure,
                                                        std::chrono::milliseconds second_look);

// Stores the facts, to be read again in a day; or why they could not be read, to be tried again with back-off.
[[nodiscard]] Result<> note_facts(db::Transaction& tx, SystemTime now, const store::OAuthGrant& tried,
                                  const Result<GoogleFacts>& facts);

}  // namespace sluice::oauth
