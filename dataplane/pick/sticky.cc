#include "dataplane/pick/sticky.h"

#include <array>
#include <span>

#include "common/base/hex.h"
#include "common/crypto/digest.h"

namespace sluice::pick {

namespace {

// Coding agents and chat clients name their conversation in one of these (clients.md).
constexpr std::array<std::string_view, 5> kSessionHeaders{"x-claude-code-session-id", "session_id", "session-id",
                                                          "conversation_id", "conversation-id"};

void append(std::string& text, std::string_view part) {
  text.append(std::to_string(part.size()));
  text.push_back(':');
  text.append(part);
}

}  // namespace

std::string session_of(const std::vector<http::Field>& fields) {
  for (const std::string_view name : kSessionHeaders) {
    if (const auto value = http::find(fields, name); value && !value->empty()) return std::string(*value);
  }
  return {};
}

std::string sticky_key(std::string_view user_id, std::string_view group_id, std::string_view session,
                       std::string_view prefix) {
  if (session.empty() && prefix.empty()) return {};
  std::string text;
  text.reserve(user_id.size() + group_id.size() + session.size() + prefix.size() + 24);
  append(text, user_id);
  append(text, group_id);
  text.push_back(session.empty() ? 'p' : 's');
  append(text, session.empty() ? prefix : session);
  const crypto::Sha256 hash = crypto::sha256(text);
  return to_hex(std::span(hash).first(16));
}

void StickyMemory::bind(const std::string& key, std::string_view account_id, std::chrono::milliseconds ttl,
                        SteadyTime now) {
  if (key.empty()) return;
  bound_.put(key, {std::string(account_id), now + ttl});
}

std::string_view StickyMemory::find(const std::string& key, SteadyTime now) {
  if (key.empty()) return {};
  const Bound* bound = bound_.find(key);
  if (bound == nullptr) return {};
  if (bound->until > now) return bound->account_id;
  bound_.erase(key);
  return {};
}

}  // namespace sluice::pick
