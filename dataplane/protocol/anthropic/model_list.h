// The model list of the Anthropic API (docs.anthropic.com, "List models"): newest first, paged by ids.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace sluice::protocol::anthropic {

struct ModelInfo {
  std::string_view id;
  std::string_view display_name;  // empty: the id
  SystemTime created_at;
};

// What the query string asks for.
struct ModelPage {
  std::size_t limit = 20;  // 1 to 1000
  std::string_view after_id;
  std::string_view before_id;
};
[[nodiscard]] Result<ModelPage> read_model_page(std::string_view query);

// The page's JSON. `models` in any order.
[[nodiscard]] std::string model_list(std::vector<ModelInfo> models, const ModelPage& page);

}  // namespace sluice::protocol::anthropic
