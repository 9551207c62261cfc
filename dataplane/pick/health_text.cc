#include "dataplane/pick/health_text.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice::pick {

namespace {

using std::chrono::milliseconds;

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

}  // namespace

std::string to_text(const HealthNews& news) {
  const auto until = std::chrono::ceil<milliseconds>(news.block.until.time_since_epoch()).count();
  return fmt::format("{} {} {} {} {} {} {}", news.account_id, until, static_cast<int>(news.block.reason),
                     news.block.soft ? 1 : 0, news.status, news.credential_revision, news.model);
}

std::optional<HealthNews> news_from(std::string_view text) {
  HealthNews news;
  news.account_id = take_word(text);
  std::int64_t until = 0;
  int reason = 0;
  int soft = 0;
  if (news.account_id.empty() || !take_number(text, until) || !take_number(text, reason) || !take_number(text, soft) ||
      !take_number(text, news.status) || !take_number(text, news.credential_revision) ||
      !config::v1::AccountHealthReason_IsValid(reason)) {
    return std::nullopt;
  }
  news.block = {.until = SystemTime(milliseconds(until)),
                .soft = soft != 0,
                .reason = static_cast<config::v1::AccountHealthReason>(reason)};
  news.model = text;
  return news;
}

}  // namespace sluice::pick
