// What lies behind Document and Section: the parsed file, the keys asked for, the problems found. Only for
// common/config.
#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config::detail {

struct Mapping {
  YAML::Node node;   // anything but a mapping holds no keys: absent, empty, or a problem noted already
  std::string path;  // "redis." in front of its keys; empty for the root
  int line = 1;
  std::vector<std::string> known;  // keys that the program asked for

  [[nodiscard]] YAML::Node find(std::string_view key) const;
  // Where the key stands; where the mapping starts, if it is absent.
  [[nodiscard]] int line_of(std::string_view key) const;
};

// By line; those of one line in the order in which they were found.
using Problems = std::multimap<int, std::string>;

struct Tree {
  std::string name;
  std::filesystem::path folder;
  std::vector<std::unique_ptr<Mapping>> mappings;
  Problems problems;

  // Takes a mapping in and notes keys that are repeated or are no plain text.
  Mapping* add(YAML::Node node, std::string path, int line);
  void note(int line, std::string text) { problems.emplace(line, std::move(text)); }
};

[[nodiscard]] int line_of(const YAML::Node& node);

// Notes every key that no getter asked for, with the allowed ones.
void find_unknown_keys(const Mapping& mapping, Problems& problems);

}  // namespace sluice::config::detail
