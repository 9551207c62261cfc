#include "common/config/section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/config/scalars.h"
#include "common/config/tree.h"

namespace sluice::config {

namespace {

std::string_view kind(const YAML::Node& node) {
  return node.IsMap() ? "a mapping" : node.IsSequence() ? "a list" : "nothing";
}

}  // namespace

bool Section::has(std::string_view key) const {
  return mapping_->find(key).IsDefined();
}

void Section::problem(std::string_view key, std::string message) {
  tree_->note(mapping_->line_of(key), fmt::format("{}{}: {}", mapping_->path, key, message));
}

void Section::missing(std::string_view key, std::string_view wanted) {
  problem(key, fmt::format("is required: {}", wanted));
}

// The text of a single value, if the key is there and holds one.
std::optional<std::string> Section::scalar(std::string_view key, std::string_view wanted) {
  mapping_->known.emplace_back(key);
  const YAML::Node node = mapping_->find(key);
  if (!node.IsDefined()) return std::nullopt;
  if (!node.IsScalar()) {
    problem(key, fmt::format("found {}; allowed: {}", kind(node), wanted));
    return std::nullopt;
  }
  return node.Scalar();
}

std::string Section::text(std::string_view key, std::string fallback) {
  return scalar(key, "a text").value_or(std::move(fallback));
}

std::string Section::required_text(std::string_view key) {
  std::string value = text(key, "");
  if (!has(key)) {
    missing(key, "a text");
  } else if (value.empty() && mapping_->find(key).IsScalar()) {
    problem(key, "must not be empty");
  }
  return value;
}

std::string Section::choice(std::string_view key, std::string fallback,
                            std::initializer_list<std::string_view> allowed) {
  const std::string words = fmt::format("one of {}", fmt::join(allowed, ", "));
  const std::optional<std::string> value = scalar(key, words);
  if (!value) return fallback;
  if (std::ranges::find(allowed, *value) != allowed.end()) return *value;
  problem(key, fmt::format("found \"{}\"; allowed: {}", *value, words));
  return fallback;
}

bool Section::boolean(std::string_view key, bool fallback) {
  const std::optional<std::string> value = scalar(key, "true or false");
  if (!value) return fallback;
  if (*value == "true") return true;
  if (*value == "false") return false;
  problem(key, fmt::format("found \"{}\"; allowed: true or false", *value));
  return fallback;
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, IntegerRange range) {
  const std::string wanted = range.min == IntegerRange{}.min && range.max == IntegerRange{}.max ? "a whole number"
                             : range.max == IntegerRange{}.max
                                 ? fmt::format("a whole number of at least {}", range.min)
                                 : fmt::format("a whole number from {} to {}", range.min, range.max);
  const std::optional<std::string> value = scalar(key, wanted);
  if (!value) return fallback;
  const std::optional<std::int64_t> number = parse_integer(*value);
  if (number && *number >= range.min && *number <= range.max) return *number;
  problem(key, fmt::format("found \"{}\"; allowed: {}", *value, wanted));
  return fallback;
}

std::chrono::milliseconds Section::duration(std::string_view key, std::chrono::milliseconds fallback,
                                            DurationRange range) {
  const std::string wanted =
      fmt::format("a time from {} to {}, with a unit (ms, s, m, h, d)", to_text(range.min), to_text(range.max));
  const std::optional<std::string> value = scalar(key, wanted);
  if (!value) return fallback;
  const auto time = parse_duration(*value);
  if (time && *time >= range.min && *time <= range.max) return *time;
  problem(key, fmt::format("found \"{}\"; allowed: {}", *value, wanted));
  return fallback;
}

std::uint64_t Section::size(std::string_view key, std::uint64_t fallback, SizeRange range) {
  const std::string bounds = range.max == SizeRange{}.max
                                 ? fmt::format("of at least {}", size_to_text(range.min))
                                 : fmt::format("from {} to {}", size_to_text(range.min), size_to_text(range.max));
  const std::string wanted = fmt::format("a size {}, with a unit (B, KiB, MiB, GiB)", bounds);
  const std::optional<std::string> value = scalar(key, wanted);
  if (!value) return fallback;
  const auto bytes = parse_size(*value);
  if (bytes && *bytes >= range.min && *bytes <= range.max) return *bytes;
  problem(key, fmt::format("found \"{}\"; allowed: {}", *value, wanted));
  return fallback;
}

HostPort Section::host_port(std::string_view key, std::string_view fallback) {
  constexpr std::string_view kWanted = "host:port, such as 127.0.0.1:8080, [::1]:8080 or name:8080";
  const std::string value = scalar(key, kWanted).value_or(std::string(fallback));
  if (std::optional<HostPort> parsed = parse_host_port(value)) return *parsed;
  if (has(key)) problem(key, fmt::format("found \"{}\"; allowed: {}", value, kWanted));
  return {};
}

std::filesystem::path Section::path(std::string_view key, std::filesystem::path fallback) {
  const std::optional<std::string> value = scalar(key, "a path");
  if (value && value->empty()) problem(key, "must not be empty");
  const std::filesystem::path chosen = value ? std::filesystem::path(*value) : std::move(fallback);
  if (chosen.empty() || chosen.is_absolute()) return chosen;
  return tree_->folder / chosen;
}

std::filesystem::path Section::required_path(std::string_view key) {
  if (!has(key)) missing(key, "a path");
  return path(key, {});
}

std::vector<std::string> Section::text_list(std::string_view key, std::vector<std::string> fallback) {
  mapping_->known.emplace_back(key);
  const YAML::Node node = mapping_->find(key);
  if (!node.IsDefined()) return fallback;
  const bool is_list =
      node.IsSequence() && std::ranges::all_of(node, [](const YAML::Node& item) { return item.IsScalar(); });
  if (!is_list) {
    problem(key, "allowed: a list of texts");
    return fallback;
  }
  std::vector<std::string> values;
  for (const YAML::Node& item : node)
    values.push_back(item.Scalar());
  return values;
}

Section Section::section(std::string_view key) {
  mapping_->known.emplace_back(key);
  const std::string path = fmt::format("{}{}.", mapping_->path, key);
  const YAML::Node node = mapping_->find(key);
  if (node.IsDefined() && !node.IsMap() && !node.IsNull()) {
    problem(key, "allowed: a mapping of further keys");
  }
  return {tree_, tree_->add(node, path, mapping_->line_of(key))};
}

std::vector<Section> Section::section_list(std::string_view key) {
  mapping_->known.emplace_back(key);
  const YAML::Node node = mapping_->find(key);
  std::vector<Section> sections;
  if (!node.IsDefined()) return sections;
  const bool is_list =
      node.IsSequence() && std::ranges::all_of(node, [](const YAML::Node& item) { return item.IsMap(); });
  if (!is_list) {
    problem(key, "allowed: a list of mappings");
    return sections;
  }
  for (const YAML::Node& item : node) {
    const std::string path = fmt::format("{}{}[{}].", mapping_->path, key, sections.size());
    sections.push_back({tree_, tree_->add(item, path, detail::line_of(item))});
  }
  return sections;
}

}  // namespace sluice::config
