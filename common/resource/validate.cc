#include "common/resource/validate.h"

#include <fmt/format.h>

#include "common/resource/fields.h"
#include "common/resource/limits.h"

namespace sluice::resource {

using config::v1::Kind;
using config::v1::State;

std::string_view name(Kind kind) {
  switch (kind) {
    case config::v1::KIND_SETTINGS:
      return "settings";
    case config::v1::KIND_USER:
      return "user";
    case config::v1::KIND_API_KEY:
      return "api_key";
    case config::v1::KIND_GROUP:
      return "group";
    case config::v1::KIND_ACCOUNT:
      return "account";
    case config::v1::KIND_CREDENTIAL:
      return "credential";
    case config::v1::KIND_EGRESS_PROXY:
      return "egress_proxy";
    case config::v1::KIND_PRICE:
      return "price";
    default:
      return "unknown";
  }
}

Result<> validate_envelope(Kind kind, std::string_view id, State state) {
  if (kind == config::v1::KIND_UNSPECIFIED || !config::v1::Kind_IsValid(kind)) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("kind {} is unknown to this version", static_cast<int>(kind)));
  }
  if (state == config::v1::STATE_UNSPECIFIED || !config::v1::State_IsValid(state)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("state {} is unknown to this version", static_cast<int>(state)));
  }
  if (kind != config::v1::KIND_SETTINGS) return check_uuid("id", id);
  if (id != kSettingsId) return fail(ErrorCode::kInvalidArgument, "the id of settings must be \"settings\"");
  return {};
}

template <class Message>
Result<Message> decode(std::string_view payload, std::string_view moment) {
  if (payload.size() + moment.size() > kMaxPayloadBytes) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the payload is {} bytes long; at most {} are allowed", payload.size(), kMaxPayloadBytes));
  }
  Message message;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return fail(ErrorCode::kInvalidArgument, "the payload is not a readable message of its kind");
  }
  Message laid_over;
  if (!laid_over.ParseFromArray(moment.data(), static_cast<int>(moment.size()))) {
    return fail(ErrorCode::kInvalidArgument, "the values of the moment are not a readable message of their kind");
  }
  message.MergeFrom(laid_over);
  if (Result<> checked = check(message); !checked) return std::unexpected(std::move(checked.error()));
  return message;
}

template Result<config::v1::Settings> decode(std::string_view, std::string_view);
template Result<config::v1::User> decode(std::string_view, std::string_view);
template Result<config::v1::ApiKey> decode(std::string_view, std::string_view);
template Result<config::v1::Group> decode(std::string_view, std::string_view);
template Result<config::v1::Account> decode(std::string_view, std::string_view);
template Result<config::v1::Credential> decode(std::string_view, std::string_view);
template Result<config::v1::EgressProxy> decode(std::string_view, std::string_view);
template Result<config::v1::Price> decode(std::string_view, std::string_view);

namespace {

template <class Message>
Result<> validate_as(std::string_view payload) {
  Result<Message> decoded = decode<Message>(payload);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  return {};
}

}  // namespace

Result<> validate(Kind kind, std::string_view id, State state, std::string_view payload) {
  if (Result<> envelope = validate_envelope(kind, id, state); !envelope) return envelope;
  if (state == config::v1::STATE_DELETED) return {};
  switch (kind) {
    case config::v1::KIND_SETTINGS:
      return validate_as<config::v1::Settings>(payload);
    case config::v1::KIND_USER:
      return validate_as<config::v1::User>(payload);
    case config::v1::KIND_API_KEY:
      return validate_as<config::v1::ApiKey>(payload);
    case config::v1::KIND_GROUP:
      return validate_as<config::v1::Group>(payload);
    case config::v1::KIND_ACCOUNT:
      return validate_as<config::v1::Account>(payload);
    case config::v1::KIND_CREDENTIAL:
      return validate_as<config::v1::Credential>(payload);
    case config::v1::KIND_EGRESS_PROXY:
      return validate_as<config::v1::EgressProxy>(payload);
    case config::v1::KIND_PRICE:
      return validate_as<config::v1::Price>(payload);
    default:
      return fail(ErrorCode::kInvalidArgument, "this kind is unknown to this version");
  }
}

}  // namespace sluice::resource
