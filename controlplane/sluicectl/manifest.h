// What is wished for: YAML files with lists of objects by kind (docs/sluicectl.md). Reading them asks no server. One
// thread.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/api/schema.h"
#include "controlplane/sluicectl/kinds.h"
#include "controlplane/sluicectl/yaml_values.h"

namespace sluice::sluicectl {

// Where a secret comes from, or where the one that the server makes goes to. Never the secret itself.
struct SecretSource {
  enum class From : std::uint8_t { kEnvironment, kFile, kToFile };
  From from = From::kEnvironment;
  std::string place;         // variable, or path
  boost::json::object more;  // what goes with an account's credential: kind, expires_at
  [[nodiscard]] Result<Secret> read() const;
};

struct Item {
  const Kind* kind = nullptr;
  boost::json::object wanted;  // fields of the message as the API spells them; named objects are "@section/name"
  std::optional<SecretSource> secret;
  std::string file;
  int line = 0;
  // "@groups/team": what other items call it.
  [[nodiscard]] std::string reference() const;
};

struct Manifest {
  std::vector<Item> items;       // by kind, in the order of kinds()
  std::set<const Kind*> listed;  // the kinds that are there, also those with an empty list: the scope of --prune
};

// A file, or all *.yaml and *.yml of a folder. kInvalidArgument with all problems, one per line.
[[nodiscard]] Result<Manifest> load_manifest(const api::Schema& schema, const std::filesystem::path& path);

}  // namespace sluice::sluicectl
