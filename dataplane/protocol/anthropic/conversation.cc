#include "dataplane/protocol/anthropic/conversation.h"

#include <algorithm>
#include <string_view>

namespace sluice::protocol::anthropic {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxSession = 128;
// Of each part. Conversations that differ only behind it share an account, which costs nothing but balance.
constexpr std::size_t kMaxPart = 1024;

// A string, or the texts of a list of blocks.
void append_text(const dom::element& content, std::size_t end, std::string& into) {
  std::string_view text;
  if (!content.get_string().get(text)) {
    into.append(text.substr(0, end - std::min(end, into.size())));
    return;
  }
  dom::array blocks;
  if (content.get_array().get(blocks)) return;
  for (const dom::element block : blocks) {
    if (into.size() >= end) return;
    if (!block["text"].get_string().get(text)) into.append(text.substr(0, end - into.size()));
  }
}

std::string session_in_json(std::string_view user_id) {
  thread_local dom::parser parser;
  dom::element root;
  std::string_view session;
  if (parser.parse(user_id.data(), user_id.size()).get(root)) return {};
  if (root["session_id"].get_string().get(session) || session.size() > kMaxSession) return {};
  return std::string(session);
}

}  // namespace

std::string session_of(const dom::object& request) {
  std::string_view user_id;
  if (request["metadata"]["user_id"].get_string().get(user_id)) return {};
  if (user_id.starts_with('{')) return session_in_json(user_id);
  constexpr std::string_view kMark = "session_";
  const std::size_t at = user_id.rfind(kMark);
  if (at == std::string_view::npos) return {};
  const std::string_view session = user_id.substr(at + kMark.size());
  return session.size() <= kMaxSession ? std::string(session) : std::string();
}

std::string stable_prefix(const dom::object& request) {
  std::string prefix;
  dom::element part;
  if (!request["system"].get(part)) append_text(part, kMaxPart, prefix);
  prefix.push_back('\0');
  dom::array messages;
  if (!request["messages"].get_array().get(messages) && messages.begin() != messages.end()) {
    const dom::element first = *messages.begin();
    if (!first["content"].get(part)) append_text(part, prefix.size() + kMaxPart, prefix);
  }
  return prefix.size() == 1 ? std::string() : prefix;
}

}  // namespace sluice::protocol::anthropic
