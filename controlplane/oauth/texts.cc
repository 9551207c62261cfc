#include "controlplane/oauth/texts.h"

#include <sodium.h>

#include <array>

#include "common/base/hex.h"
#include "common/base/random.h"
#include "common/crypto/digest.h"

namespace sluice::oauth {

namespace {

constexpr std::size_t kLongestPaste = 8 * 1024;

std::string base64url(std::span<const std::uint8_t> bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), kVariant);
  out.resize(out.size() - 1);  // its terminating zero
  return out;
}

bool is_unreserved(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if (is_unreserved(c)) {
      out += raw;
    } else {
      out += '%';
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      out += *byte;
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\"'<>";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

Returned parse_query(std::string_view query) {
  Returned found;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = pair.substr(0, equals);
    std::string value = unescaped(pair.substr(equals + 1));
    if (key == "code")
      found.code = Secret(std::move(value));
    else if (key == "state")
      found.state = Secret(std::move(value));
    else if (key == "error")
      found.error = std::move(value);
  }
  return found;
}

}  // namespace

std::string random_text() {
  std::array<std::uint8_t, 32> bytes{};
  fill_random(bytes);
  return base64url(bytes);
}

std::string pkce_challenge(std::string_view verifier) {
  return base64url(crypto::sha256(verifier));
}

std::string form(std::span<const std::pair<std::string, std::string>> fields) {
  std::string out;
  for (const auto& [key, value] : fields)
    out += (out.empty() ? "" : "&") + escaped(key) + "=" + escaped(value);
  return out;
}

std::string authorize_url(const store::OAuthClient& client, std::string_view state, std::string_view challenge) {
  std::string scopes;
  for (const std::string& scope : client.scopes)
    scopes += (scopes.empty() ? "" : " ") + scope;
  std::vector<std::pair<std::string, std::string>> fields{{"response_type", "code"},
                                                          {"client_id", client.client_id},
                                                          {"redirect_uri", client.redirect_url},
                                                          {"scope", scopes},
                                                          {"state", std::string(state)},
                                                          {"code_challenge", std::string(challenge)},
                                                          {"code_challenge_method", "S256"}};
  for (const std::string& pair : client.authorize_params) {
    const std::size_t equals = pair.find('=');
    fields.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return client.authorize_url + (client.authorize_url.find('?') == std::string::npos ? "?" : "&") + form(fields);
}

Result<Returned> parse_pasted(std::string_view text) {
  if (text.size() > kLongestPaste) return fail(ErrorCode::kInvalidArgument, "pasted: too long for a redirect URL");
  text = trimmed(text);
  Returned found;
  const std::size_t question = text.find('?');
  const bool is_url = text.starts_with("http://") || text.starts_with("https://");
  if (is_url && question == std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, "pasted: the URL has no code in it; paste it as the browser shows it");
  }
  if (is_url || question != std::string_view::npos || text.starts_with("code=") || text.starts_with("state=") ||
      text.starts_with("error=")) {
    std::string_view query = question == std::string_view::npos ? text : text.substr(question + 1);
    found = parse_query(query.substr(0, query.find('#')));
  } else if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    found.code = Secret(std::string(text.substr(0, hash)));
    found.state = Secret(std::string(text.substr(hash + 1)));
  } else {
    found.code = Secret(std::string(text));
  }
  if (found.code.empty() && found.error.empty()) {
    return fail(ErrorCode::kInvalidArgument, "pasted: there is no code in it; paste the whole URL or the code");
  }
  return found;
}

}  // namespace sluice::oauth
