#include <fmt/core.h>

#include "controlplane/sluicectl/plan.h"

namespace sluice::sluicectl {

namespace json = boost::json;

namespace {

// Ids and references as names.
json::value named(const Plan& plan, const json::value& value) {
  if (value.is_array()) {
    json::array out;
    for (const json::value& element : value.get_array())
      out.push_back(named(plan, element));
    return out;
  }
  if (value.is_object()) {
    json::object out;
    for (const auto& [key, element] : value.get_object())
      out[key] = named(plan, element);
    return out;
  }
  if (!value.is_string()) return value;
  const std::string text(value.get_string());
  if (const auto found = plan.names.find(text); found != plan.names.end()) return json::value(found->second);
  const std::size_t slash = text.find('/');
  if (text.starts_with("@") && slash != std::string::npos && find_kind(std::string_view(text).substr(1, slash - 1))) {
    return json::value(text.substr(slash + 1));
  }
  return value;
}

// A field that names others is shown as manifests spell it.
std::string shown_path(const std::string& path) {
  const Reference* reference = reference_of(path);
  return reference == nullptr ? path : std::string(reference->key);
}

std::string secret_line(const Step& step) {
  if (!step.secret) return {};
  const char* from = step.secret->from == SecretSource::From::kEnvironment ? "from the environment variable"
                     : step.secret->from == SecretSource::From::kFile      ? "from the file"
                                                                           : "made by the server, into the file";
  return fmt::format("    {}: (secret) {} {}\n", step.kind->secret, from, step.secret->place);
}

std::string describe(const api::Schema& schema, const Plan& plan, const Step& step) {
  const auto* message = message_of(schema, *step.kind);
  if (step.action == Step::Action::kDelete) return fmt::format("- {}\n", step.label);
  if (step.action == Step::Action::kCreate) {
    std::string out = fmt::format("+ {}\n", step.label);
    for (const auto& [key, value] : step.wanted) {
      const std::string path(key);
      out += fmt::format("    {}: {}\n", shown_path(path), plain_text(field_at(*message, path), named(plan, value)));
    }
    return out + secret_line(step);
  }
  std::string out = fmt::format("~ {}\n", step.label);
  for (const Change& change : step.changes) {
    const auto* field = field_at(*message, change.path);
    out += fmt::format("    {}: {} -> {}\n", shown_path(change.path), plain_text(field, named(plan, change.before)),
                       plain_text(field, named(plan, change.after)));
  }
  return out + secret_line(step);
}

}  // namespace

std::string describe(const api::Schema& schema, const Plan& plan) {
  if (plan.steps.empty()) return "Nothing to do: everything is as wished.\n";
  std::string out;
  std::array<int, 3> counts{};
  for (const Step& step : plan.steps) {
    out += describe(schema, plan, step);
    ++counts[static_cast<std::size_t>(step.action)];
  }
  return out + fmt::format("Plan: {} to create, {} to update, {} to delete.\n", counts[0], counts[1], counts[2]);
}

}  // namespace sluice::sluicectl
