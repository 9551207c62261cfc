#include "common/config/tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "common/config/nearest.h"

namespace sluice::config::detail {

int line_of(const YAML::Node& node) {
  return node.Mark().line + 1;
}

YAML::Node Mapping::find(std::string_view key) const {
  if (node.IsDefined() && node.IsMap()) {
    for (const auto& entry : node) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
    }
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

int Mapping::line_of(std::string_view key) const {
  if (node.IsDefined() && node.IsMap()) {
    for (const auto& entry : node) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) return detail::line_of(entry.first);
    }
  }
  return line;
}

Mapping* Tree::add(YAML::Node node, std::string path, int line) {
  std::set<std::string> seen;
  if (node.IsDefined() && node.IsMap()) {
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        note(line_of(entry.first), fmt::format("{}: keys must be plain words", path));
      } else if (!seen.insert(entry.first.Scalar()).second) {
        note(line_of(entry.first), fmt::format("{}{}: the key is given twice", path, entry.first.Scalar()));
      }
    }
  }
  mappings.push_back(std::make_unique<Mapping>(Mapping{node, std::move(path), line, {}}));
  return mappings.back().get();
}

void find_unknown_keys(const Mapping& mapping, Problems& problems) {
  if (!mapping.node.IsDefined() || !mapping.node.IsMap()) return;
  for (const auto& entry : mapping.node) {
    if (!entry.first.IsScalar()) continue;
    const std::string& key = entry.first.Scalar();
    if (std::ranges::find(mapping.known, key) != mapping.known.end()) continue;
    const std::string_view meant = nearest(key, mapping.known);
    problems.emplace(line_of(entry.first),
                     fmt::format("{}{}: unknown key{}; allowed here: {}", mapping.path, key,
                                 meant.empty() ? "" : fmt::format(", did you mean \"{}\"?", meant),
                                 mapping.known.empty() ? "nothing" : fmt::to_string(fmt::join(mapping.known, ", "))));
  }
}

}  // namespace sluice::config::detail
