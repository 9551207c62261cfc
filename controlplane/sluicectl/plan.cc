#include "controlplane/sluicectl/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

#include "controlplane/sluicectl/output.h"

namespace sluice::sluicectl {

namespace json = boost::json;

namespace {

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

class Planner {
 public:
  Planner(const Client& client, const Manifest& manifest, PlanOptions options)
      : client_(client), manifest_(manifest), options_(options) {}

  Result<Plan> make() {
    if (Result<> read = read_server(); !read) return std::unexpected(read.error());
    for (const Item& item : manifest_.items)
      wishes_.insert(item.reference());
    for (const Item& item : manifest_.items)
      add(item);
    if (options_.prune) prune();
    if (Result<> fine = problems_.finish(); !fine) return std::unexpected(fine.error());
    return std::move(plan_);
  }

 private:
  // Everything of the manifest's kinds, and of the kinds that they refer to.
  Result<> read_server() {
    for (const Kind& kind : kinds()) {
      if (!is_needed(kind)) continue;
      if (kind.plural.empty()) {
        auto answer = client_.call("Get" + std::string(kind.message), {});
        if (!answer) return fail(fmt::format("reading {}", kind.section), answer.error());
        there_[&kind].push_back(answer->at(kind.field).as_object());
        continue;
      }
      auto rows = client_.list("List" + std::string(kind.plural));
      if (!rows) return fail(fmt::format("reading {}", kind.section), rows.error());
      for (json::object& row : *rows) {
        const std::string name = text_of(row, kind.identity.back());
        const std::string id = text_of(row, "id");
        const std::string reference = reference_to(kind.section, name);
        if (!plan_.ids.emplace(reference, id).second) ambiguous_.insert(reference);
        plan_.names.emplace(id, name);
        there_[&kind].push_back(std::move(row));
      }
    }
    return {};
  }

  bool is_needed(const Kind& kind) const {
    if (manifest_.listed.contains(&kind)) return true;
    // What others refer to.
    return kind.section == "groups" || kind.section == "users" || kind.section == "egress_proxies";
  }

  // References become ids, as far as the objects are there.
  void resolve(json::value& value, const Item& item) {
    for_references(value, false, [&](json::value& one) {
      const std::string reference(one.get_string());
      if (ambiguous_.contains(reference)) {
        problems_.add(item.file, item.line, reference.substr(1) + ": the server has several of that name");
      } else if (const auto found = plan_.ids.find(reference); found != plan_.ids.end()) {
        one = found->second;
      } else if (!wishes_.contains(reference)) {
        problems_.add(item.file, item.line,
                      reference.substr(1) + ": there is none of that name, neither on the server nor in the manifest");
      }
    });
  }

  std::string label_of(const Kind& kind, const json::object& object) const {
    std::string out;
    for (const std::string_view field : kind.identity) {
      std::string word = text_of(object, field);
      if (const auto name = plan_.names.find(word); name != plan_.names.end()) word = name->second;
      if (word.starts_with("@")) word = word.substr(word.find('/') + 1);
      out += (out.empty() ? " " : " / ") + word;
    }
    std::string kind_word(kind.field);
    std::ranges::replace(kind_word, '_', ' ');
    return printable(kind_word + out);
  }

  void add(const Item& item) {
    json::value value = item.wanted;
    resolve(value, item);
    const json::object& wanted = value.get_object();
    Step step{.kind = item.kind, .label = label_of(*item.kind, wanted), .reference = item.reference()};
    auto& rows = there_[item.kind];
    const auto matches = [&](const json::object& row) {
      return std::ranges::all_of(item.kind->identity, [&](auto field) {
        return folded(field, text_of(row, field)) == folded(field, text_of(wanted, field));
      });
    };
    const auto found = std::ranges::count_if(rows, matches);
    if (found > 1) {
      problems_.add(item.file, item.line, fmt::format("{}: the server has {} of that name", step.label, found));
    } else if (found == 1) {
      step.current = *std::ranges::find_if(rows, matches);
      kept_.insert(text_of(step.current, "id"));
      add_update(std::move(step), item, wanted);
    } else {
      if (item.kind->section == "api_keys" && !item.secret) {
        problems_.add(item.file, item.line, step.label + ": needs secret: {from_env, from_file or to_file}");
      }
      step.wanted = wanted;
      step.secret = item.secret;
      plan_.steps.push_back(std::move(step));
    }
  }

  void add_update(Step step, const Item& item, const json::object& wanted) {
    step.action = Step::Action::kUpdate;
    step.changes = differences(*message_of(client_.schema(), *step.kind), step.current, wanted);
    // A key's secret is made with it; another one is a rotation.
    if (item.secret && item.kind->section != "api_keys") {
      const json::value* has = step.current.if_contains("has_" + std::string(item.kind->secret));
      const bool there = has != nullptr && has->is_bool() && has->get_bool();
      // A proxy's password goes with its address.
      const bool goes_along = item.kind->section == "egress_proxies" && !step.changes.empty();
      if (options_.set_secrets || !there || goes_along) step.secret = item.secret;
    }
    if (!step.changes.empty() || step.secret) plan_.steps.push_back(std::move(step));
  }

  void prune() {
    for (const Kind& kind : std::views::reverse(kinds())) {
      if (kind.plural.empty() || !manifest_.listed.contains(&kind)) continue;
      for (const json::object& row : there_[&kind]) {
        const bool staff = kind.section == "users" && text_of(row, "role") != "USER_ROLE_USER";
        if (staff || kept_.contains(text_of(row, "id"))) continue;
        plan_.steps.push_back(
            {.action = Step::Action::kDelete, .kind = &kind, .label = label_of(kind, row), .current = row});
      }
    }
  }

  const Client& client_;
  const Manifest& manifest_;
  PlanOptions options_;
  Plan plan_;
  Problems problems_;
  std::map<const Kind*, std::vector<json::object>> there_;
  std::set<std::string> ambiguous_;
  std::set<std::string> wishes_;
  std::set<std::string> kept_;
};

}  // namespace

void for_references(json::value& value, bool is_reference, const std::function<void(json::value&)>& visit) {
  if (value.is_object()) {
    for (auto& entry : value.get_object())
      for_references(entry.value(), reference_of(entry.key()) != nullptr, visit);
  } else if (value.is_array()) {
    for (json::value& element : value.get_array())
      for_references(element, is_reference, visit);
  } else if (is_reference && value.is_string() && value.get_string().starts_with("@")) {
    visit(value);
  }
}

Result<Plan> make_plan(const Client& client, const Manifest& manifest, PlanOptions options) {
  return Planner(client, manifest, options).make();
}

}  // namespace sluice::sluicectl
