#include "tests/fakes/anthropic/models.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "tests/fakes/anthropic/replies.h"
#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace {

struct Model {
  std::string_view id;
  std::string_view name;
  std::string_view created_at;
};

constexpr std::array<Model, 6> kModels{{
    {"claude-opus-5-5", "Claude Opus 5.5", "2026-09-30T00:00:00Z"},
    {"claude-opus-4-5", "Claude Opus 4.5", "2025-11-24T00:00:00Z"},
    {"claude-haiku-4-5", "Claude Haiku 4.5", "2025-10-15T00:00:00Z"},
    {"claude-sonnet-4-5", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z"},
    {"fake-model", "Fake", "2025-01-01T00:00:00Z"},
    {"fake-thinking", "Fake, thinking", "2025-01-01T00:00:00Z"},
}};

std::string model_json(const Model& model) {
  return cat({R"({"type":"model","id":")", model.id, R"(","display_name":")", model.name, R"(","created_at":")",
              model.created_at, "\"}"});
}

std::size_t position(std::string_view id) {
  return static_cast<std::size_t>(std::ranges::find(kModels, id, &Model::id) - kModels.begin());
}

}  // namespace

Script model_list(const HttpRequest& request) {
  const std::string_view asked = request.query("limit");
  std::size_t limit = 20;
  if (!asked.empty()) std::from_chars(asked.data(), asked.data() + asked.size(), limit);
  if (limit < 1 || limit > 1000) return error_reply({}, 400, "limit: Input should be between 1 and 1000");
  const std::string_view after = request.query("after_id");
  const std::string_view before = request.query("before_id");
  const std::size_t last = before.empty() ? kModels.size() : position(before);
  std::size_t first = after.empty() ? 0 : std::min(position(after) + 1, kModels.size());
  if (!before.empty() && last > limit) first = std::max(first, last - limit);
  const std::size_t end = std::min(last, first + limit);
  std::string data;
  for (std::size_t i = first; i < end; ++i)
    data += cat({i > first ? "," : "", model_json(kModels[i])});
  const bool more = before.empty() ? end < last : first > 0;
  const std::string ids =
      first < end ? cat({R"("first_id":")", kModels[first].id, R"(","last_id":")", kModels[end - 1].id, "\""})
                  : R"("first_id":null,"last_id":null)";
  return json_reply({}, 200, cat({"{\"data\":[", data, "],\"has_more\":", more ? "true" : "false", ",", ids, "}"}));
}

Script one_model(std::string_view id) {
  const std::size_t at = position(id);
  if (at == kModels.size()) return error_reply({}, 404, cat({"model: ", id}));
  return json_reply({}, 200, model_json(kModels[at]));
}

}  // namespace sluice::fakes
