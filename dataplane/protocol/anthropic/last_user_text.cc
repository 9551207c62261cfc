#include <simdjson.h>

#include "dataplane/protocol/anthropic/messages.h"

namespace sluice::protocol::anthropic {

namespace {

namespace dom = simdjson::dom;

// "content" is a string, or a list of blocks of which the text ones are joined.
std::string text_of(const dom::element& content) {
  std::string_view text;
  if (!content.get_string().get(text)) return std::string(text);
  dom::array blocks;
  if (content.get_array().get(blocks)) return {};
  std::string joined;
  for (const dom::element block : blocks) {
    if (block["text"].get_string().get(text)) continue;
    if (!joined.empty()) joined += '\n';
    joined += text;
  }
  return joined;
}

}  // namespace

std::string Messages::last_user_text(const std::string& body) const {
  thread_local dom::parser parser;
  dom::element root;
  dom::array messages;
  if (parser.parse(body.data(), body.size()).get(root) || root["messages"].get_array().get(messages)) return {};
  if (messages.size() == 0) return {};
  const dom::element last = messages.at(messages.size() - 1);
  std::string_view role;
  dom::element content;
  if (last["role"].get_string().get(role) || role != "user" || last["content"].get(content)) return {};
  return text_of(content);
}

}  // namespace sluice::protocol::anthropic
