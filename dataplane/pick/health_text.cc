#include "dataplane/pick/health_text.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace sluice::pick {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view kEnd = "end";

std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

template <class Number>
bool take_number(std::string_view& text, Number& into) {
  const std::string_view word = take_word(text);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into);
  return error == std::errc() && end == word.data() + word.size();
}

bool take_reason(std::string_view& text, config::v1::AccountHealthReason& into) {
  int reason = 0;
  if (!take_number(text, reason) || !config::v1::AccountHealthReason_IsValid(reason)) return false;
  into = static_cast<config::v1::AccountHealthReason>(reason);
  return true;
}

bool take_until(std::string_view& text, SystemTime& into) {
  std::int64_t until = 0;
  // Beyond this, microseconds do not fit.
  if (!take_number(text, until) || until < 0 || until > std::numeric_limits<std::int64_t>::max() / 1000) return false;
  into = SystemTime(milliseconds(until));
  return true;
}

std::int64_t until_text(SystemTime until) {
  return std::chrono::ceil<milliseconds>(until.time_since_epoch()).count();
}

}  // namespace

std::string to_text(const HealthNews& news) {
  return fmt::format("{} {} {} {} {} {} {}", news.account_id, until_text(news.block.until),
                     static_cast<int>(news.block.reason), news.block.soft ? 1 : 0, news.status,
                     news.credential_revision, news.model);
}

std::string to_text(const HealthEnd& end) {
  return fmt::format("{} {} {} {} {} {}", kEnd, end.account_id, until_text(end.until), static_cast<int>(end.reason),
                     end.credential_revision, end.model);
}

std::optional<HealthNews> news_from(std::string_view text) {
  HealthNews news;
  news.account_id = take_word(text);
  int soft = 0;
  if (news.account_id.empty() || !take_until(text, news.block.until) || !take_reason(text, news.block.reason) ||
      !take_number(text, soft) || !take_number(text, news.status) || !take_number(text, news.credential_revision)) {
    return std::nullopt;
  }
  news.block.soft = soft != 0;
  news.model = text;
  return news;
}

std::optional<HealthEnd> end_from(std::string_view text) {
  HealthEnd end;
  if (take_word(text) != kEnd) return std::nullopt;
  end.account_id = take_word(text);
  if (end.account_id.empty() || !take_until(text, end.until) || !take_reason(text, end.reason) ||
      !take_number(text, end.credential_revision)) {
    return std::nullopt;
  }
  end.model = text;
  return end;
}

}  // namespace sluice::pick
