// The rules for each pushed kind, run by the control plane before it saves and by nodes before they apply: what one
// side accepts the other accepts. Pure functions. Reasons never quote a secret.
#pragma once

#include <string_view>

#include "common/base/status.h"
#include "sluice/config/v1/config.pb.h"
#include "sluice/config/v1/resources.pb.h"

namespace sluice::resource {

// "api_key", "account" ...; "unknown" for a kind that this version does not know.
[[nodiscard]] std::string_view name(config::v1::Kind kind);

// The id every Settings resource has.
inline constexpr std::string_view kSettingsId = "settings";

// Kind, id and state. A deleted resource needs no payload, so this is all there is to check about it.
[[nodiscard]] Result<> validate_envelope(config::v1::Kind kind, std::string_view id, config::v1::State state);

[[nodiscard]] Result<> check(const config::v1::Settings& settings);
[[nodiscard]] Result<> check(const config::v1::User& user);
[[nodiscard]] Result<> check(const config::v1::ApiKey& key);
[[nodiscard]] Result<> check(const config::v1::Group& group);
[[nodiscard]] Result<> check(const config::v1::Account& account);
[[nodiscard]] Result<> check(const config::v1::Credential& credential);
[[nodiscard]] Result<> check(const config::v1::EgressProxy& proxy);
[[nodiscard]] Result<> check(const config::v1::Price& price);

// Reads a payload with what `moment` (see Resource) lays over it, and checks it. Instantiated for the kinds above.
template <class Message>
[[nodiscard]] Result<Message> decode(std::string_view payload, std::string_view moment = {});

// Envelope and, unless deleted, payload.
[[nodiscard]] Result<> validate(config::v1::Kind kind, std::string_view id, config::v1::State state,
                                std::string_view payload);

}  // namespace sluice::resource
