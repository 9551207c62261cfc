// What has to be done so that the server has what a manifest wishes for. One thread; asks the server, changes nothing.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controlplane/sluicectl/client.h"
#include "controlplane/sluicectl/manifest.h"
#include "controlplane/sluicectl/normal_form.h"

namespace sluice::sluicectl {

struct Step {
  enum class Action : std::uint8_t { kCreate, kUpdate, kDelete };
  Action action = Action::kCreate;
  const Kind* kind = nullptr;
  std::string label = {};            // "group team"
  boost::json::object current = {};  // what the server has, with its etag; empty for kCreate
  boost::json::object wanted = {};   // of kCreate; references to what this plan creates are still "@groups/team"
  std::vector<Change> changes = {};
  std::optional<SecretSource> secret = {};  // to be set
  std::string reference = {};               // what others call it
};

struct Plan {
  std::vector<Step> steps;                   // in the order in which they have to be done
  std::map<std::string, std::string> ids;    // "@groups/team" -> id, of everything that there is
  std::map<std::string, std::string> names;  // the other way: id -> "team"
};

struct PlanOptions {
  // Deletes objects of the manifest's kinds that it does not name; never settings, and never people of the staff.
  bool prune = false;
  // Also where there is a secret already: nobody can see whether it is another one.
  bool set_secrets = false;
};

// kInvalidArgument with a line per reference that leads nowhere, or per key without a secret.
[[nodiscard]] Result<Plan> make_plan(const Client& client, const Manifest& manifest, PlanOptions options);

// For every "@section/name" in a field that names other objects. `is_reference`: `value` itself is of such a field.
void for_references(boost::json::value& value, bool is_reference,
                    const std::function<void(boost::json::value&)>& visit);

// What `plan` and `diff` show: every step, field by field, without secrets; the last line counts.
[[nodiscard]] std::string describe(const api::Schema& schema, const Plan& plan);

}  // namespace sluice::sluicectl
