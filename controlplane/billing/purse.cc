#include "controlplane/billing/purse.h"

#include <algorithm>

namespace sluice::billing {

namespace {

// '0' stands for any digit.
bool has_form(std::string_view text, std::string_view form) {
  return std::ranges::equal(text, form,
                            [](char is, char wanted) { return wanted == '0' ? is >= '0' && is <= '9' : is == wanted; });
}

}  // namespace

std::string wallet_purse(const Uuid& user_id) {
  return "user:" + user_id.to_string();
}

std::string budget_purse(const Uuid& api_key_id, std::string_view window_id) {
  return ("key:" + api_key_id.to_string() + ":").append(window_id);
}

std::string subscription_purse(const Uuid& subscription_id, std::string_view window_id) {
  return ("sub:" + subscription_id.to_string() + ":").append(window_id);
}

bool is_window_id(std::string_view text) {
  return text == "total" || has_form(text, "day:0000-00-00") || has_form(text, "week:0000-00-00") ||
         has_form(text, "month:0000-00");
}

void keep_newest(Purses& into, const Purses& more) {
  for (const auto& [id, value] : more) {
    const auto [known, added] = into.emplace(id, value);
    if (!added && known->second.version < value.version) known->second = value;
  }
}

}  // namespace sluice::billing
