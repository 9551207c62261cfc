#include "dataplane/protocol/anthropic/model_list.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace sluice::protocol::anthropic {

namespace {

constexpr std::size_t kMaxLimit = 1000;

boost::json::object to_json(const ModelInfo& model) {
  boost::json::object object;
  object["type"] = "model";
  object["id"] = model.id;
  object["display_name"] = model.display_name.empty() ? model.id : model.display_name;
  object["created_at"] = fmt::format(
      "{:%Y-%m-%dT%H:%M:%SZ}",
      fmt::gmtime(std::chrono::duration_cast<std::chrono::seconds>(model.created_at.time_since_epoch()).count()));
  return object;
}

std::size_t position(const std::vector<ModelInfo>& models, std::string_view id) {
  const auto at = std::find_if(models.begin(), models.end(), [id](const ModelInfo& m) { return m.id == id; });
  return static_cast<std::size_t>(at - models.begin());
}

}  // namespace

Result<ModelPage> read_model_page(std::string_view query) {
  ModelPage page;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    if (name == "after_id") page.after_id = value;
    if (name == "before_id") page.before_id = value;
    if (name != "limit") continue;
    const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), page.limit);
    if (error != std::errc{} || rest != value.data() + value.size() || page.limit < 1 || page.limit > kMaxLimit) {
      return fail(ErrorCode::kInvalidArgument, "limit: must be a whole number from 1 to 1000");
    }
  }
  return page;
}

std::string model_list(std::vector<ModelInfo> models, const ModelPage& page) {
  std::sort(models.begin(), models.end(), [](const ModelInfo& a, const ModelInfo& b) {
    return a.created_at != b.created_at ? a.created_at > b.created_at : a.id < b.id;
  });
  std::size_t first = 0;
  std::size_t last = models.size();
  if (!page.after_id.empty()) first = std::min(models.size(), position(models, page.after_id) + 1);
  if (!page.before_id.empty()) last = position(models, page.before_id);
  bool more = false;
  if (last < first) last = first;
  if (last - first > page.limit) {
    more = true;
    if (page.before_id.empty()) {
      last = first + page.limit;
    } else {
      first = last - page.limit;
    }
  }
  boost::json::array data;
  for (std::size_t i = first; i < last; ++i)
    data.push_back(to_json(models[i]));
  boost::json::object list;
  list["first_id"] = first < last ? boost::json::value(models[first].id) : boost::json::value(nullptr);
  list["last_id"] = first < last ? boost::json::value(models[last - 1].id) : boost::json::value(nullptr);
  list["has_more"] = more;
  list["data"] = std::move(data);
  return boost::json::serialize(list);
}

}  // namespace sluice::protocol::anthropic
