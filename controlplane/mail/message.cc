#include "controlplane/mail/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "controlplane/mail/address.h"

namespace sluice::mail {

namespace {

constexpr std::size_t kLine = 76;
// Bytes of UTF-8 in one encoded word: 42 are 56 of base64, so the word is 68 characters long and fits behind "Subject:
// " in a line of 78 (RFC 2047 section 2 allows words of 75 in lines of 76 to 78).
constexpr std::size_t kWordBytes = 42;

std::string base64(std::string_view bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  std::string out(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    kVariant);
  out.pop_back();  // the terminating zero
  return out;
}

bool is_plain(std::string_view text) {
  return text.size() <= 60 && std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

// How many bytes of the text make a word without cutting a character in two.
std::size_t word_bytes(std::string_view text) {
  if (text.size() <= kWordBytes) return text.size();
  std::size_t end = kWordBytes;
  while (end > kWordBytes - 4 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
    --end;
  return end;
}

// A value of a header field: encoded words unless it is short plain ASCII.
std::string field_text(std::string_view text) {
  if (is_plain(text) && text.find("=?") == std::string_view::npos) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t bytes = word_bytes(text);
    if (!out.empty()) out += "\r\n ";
    out += fmt::format("=?UTF-8?B?{}?=", base64(text.substr(0, bytes)));
    text.remove_prefix(bytes);
  }
  return out;
}

std::string sender_field(const Sender& from) {
  if (from.name.empty()) return from.address;
  // Always encoded: a display name would need quoting otherwise.
  std::string words;
  std::string_view rest = from.name;
  while (!rest.empty()) {
    const std::size_t bytes = word_bytes(rest);
    words += fmt::format("=?UTF-8?B?{}?=\r\n ", base64(rest.substr(0, bytes)));
    rest.remove_prefix(bytes);
  }
  return fmt::format("{}<{}>", words, from.address);
}

void append_lines(std::string& out, std::string_view base64) {
  for (std::size_t at = 0; at < base64.size(); at += kLine) {
    out += base64.substr(at, kLine);
    out += "\r\n";
  }
}

}  // namespace

Secret render(const Message& message, const Sender& from, SystemTime at, std::string_view id) {
  std::string text;
  for (const char c : message.text.reveal()) {
    if (c == '\n') text += '\r';
    text += c;
  }
  std::string out = fmt::format(
      "Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
      "Auto-Submitted: auto-generated\r\n\r\n",
      fmt::gmtime(std::chrono::system_clock::to_time_t(at)), sender_field(from), message.to,
      field_text(message.subject), id, domain_of(from.address));
  append_lines(out, base64(text));
  return Secret(std::move(out));
}

}  // namespace sluice::mail
