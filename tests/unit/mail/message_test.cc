#include "controlplane/mail/message.h"

#include <catch2/catch.hpp>

#include "tests/support/smtp/base64.h"

namespace sluice::mail {

namespace {

const SystemTime kAt = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);

std::string rendered(const Message& message, const Sender& from = {.address = "sluice@example.org"}) {
  return std::string(render(message, from, kAt, "id-1").reveal());
}

// What encoded words of a field mean.
std::string decoded(std::string text) {
  std::string out;
  for (std::size_t at = 0; (at = text.find("=?UTF-8?B?", at)) != std::string::npos;) {
    const std::size_t start = at + 10;
    const std::size_t end = text.find("?=", start);
    const std::string word = testing::decode_base64(text.substr(start, end - start));
    CHECK(end + 2 - at <= 75);
    // No character is cut in two.
    CHECK((static_cast<unsigned char>(word.front()) & 0xc0U) != 0x80U);
    out += word;
    at = end;
  }
  return out;
}

std::string field(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\r\n" + name + ": ");
  REQUIRE(at != std::string::npos);
  std::size_t end = at + 2;
  do {
    end = text.find("\r\n", end + 1);
  } while (text[end + 2] == ' ');
  return text.substr(at + name.size() + 4, end - at - name.size() - 4);
}

}  // namespace

TEST_CASE("a mail is plain MIME with base64 lines") {
  const std::string text =
      rendered({.to = "ada@example.com", .subject = "Hello", .text = Secret("line\n.\nline \xc3\xa4\n")});
  CHECK(text.starts_with("Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n"));
  CHECK(field(text, "From") == "sluice@example.org");
  CHECK(field(text, "To") == "ada@example.com");
  CHECK(field(text, "Subject") == "Hello");
  CHECK(field(text, "Message-ID") == "<id-1@example.org>");
  std::string lines = text.substr(text.find("\r\n\r\n") + 4);
  std::erase(lines, '\r');
  std::erase(lines, '\n');
  CHECK(testing::decode_base64(lines) == "line\r\n.\r\nline \xc3\xa4\r\n");
}

TEST_CASE("no value breaks out of its field, and no line is too long") {
  std::string long_subject;
  for (int i = 0; i < 60; ++i)
    long_subject += "\xf0\x9f\x98\x80\xc3\xa4";
  for (const std::string& subject : {std::string("a\r\nBcc: eve@example.com"), long_subject,
                                     std::string("=?UTF-8?B?eA==?="), std::string(500, 'x')}) {
    const std::string text =
        rendered({.to = "ada@example.com", .subject = subject, .text = Secret(std::string(5'000, 'y'))},
                 {.address = "sluice@example.org", .name = "Ops \"<x>\" \xc3\xa4\r\nX: y"});
    CHECK(decoded(field(text, "Subject")) == subject);
    CHECK(decoded(field(text, "From")) == "Ops \"<x>\" \xc3\xa4\r\nX: y");
    CHECK(field(text, "From").ends_with("<sluice@example.org>"));
    CHECK(text.find("\r\nBcc:") == std::string::npos);
    CHECK(text.find("\r\nX:") == std::string::npos);
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = text.find("\r\n", start);
      CHECK(end - start <= 78);
      start = end + 2;
    }
  }
}

}  // namespace sluice::mail
