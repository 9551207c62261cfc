// What lies behind Document and Section: the parsed file, the keys asked for, the problems found. Only for
// common/config.
#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config::detail {

struct Mapping {
  YAML::Node node;   // a mapping, or undefined for an absent section
  std::string path;  // "redis." in front of its keys; empty for the root
  int line = 1;
  std::vector<std::string> known;  // keys that the program asked for

  [[nodiscard]] YAML::Node find(std::string_view key) const;
};

struct Problem {
  int line;
  std::string text;
};

struct Tree {
  std::string name;
  std::filesystem::path folder;
  std::vector<std::unique_ptr<Mapping>> mappings;
  std::vector<Problem> problems;

  // Takes a mapping in and notes keys that are repeated or are no plain text.
  Mapping* add(YAML::Node node, std::string path, int line);
  void note(int line, std::string text) { problems.push_back({line, std::move(text)}); }
};

[[nodiscard]] int line_of(const YAML::Node& node);

// Notes every key that no getter asked for, with the allowed ones.
void find_unknown_keys(const Mapping& mapping, std::vector<Problem>& problems);

}  // namespace sluice::config::detail
