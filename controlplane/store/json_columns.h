// The jsonb columns that hold parts of pushed messages, spelled as in resources.proto. Pure; any thread. What reads
// them aborts on a value that this build's write functions never made (see controlplane/db/rows.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sluice/config/v1/resources.pb.h"

namespace sluice::store {

using ModelMapping = std::map<std::string, std::string>;
using PauseRules = std::vector<config::v1::PauseRule>;
using ModelRoutes = std::vector<config::v1::ModelRoute>;
using LocalReplies = google::protobuf::RepeatedPtrField<config::v1::LocalReply>;

[[nodiscard]] std::string to_json(const ModelMapping& mapping);
[[nodiscard]] std::string to_json(const PauseRules& rules);
[[nodiscard]] std::string to_json(const ModelRoutes& routes);
[[nodiscard]] std::string to_json(const LocalReplies& replies);

[[nodiscard]] ModelMapping mapping_of(const std::string& json);
[[nodiscard]] PauseRules rules_of(const std::string& json);
[[nodiscard]] ModelRoutes routes_of(const std::string& json);
[[nodiscard]] LocalReplies replies_of(const std::string& json);

}  // namespace sluice::store
