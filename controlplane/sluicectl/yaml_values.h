// Values of a YAML file as JSON for a message of the API, checked against its descriptor. One thread.
#pragma once

#include <google/protobuf/descriptor.h>
#include <yaml-cpp/yaml.h>

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace sluice::sluicectl {

// What is wrong with the files, all of it.
class Problems {
 public:
  // "groups.yaml:12: groups[0].multiplier: ...". `line` counts from 1.
  void add(const std::string& file, int line, std::string_view message);
  // kInvalidArgument with one problem per line, if there are any.
  [[nodiscard]] Result<> finish() const;
  [[nodiscard]] std::size_t size() const { return lines_.size(); }

 private:
  std::vector<std::string> lines_;
};

// The line that a node begins at, from 1.
[[nodiscard]] int line_of(const YAML::Node& node);

// Reads mappings of one file. Objects that are named instead of given by id (kinds.h) become "@section/name".
class ValueReader {
 public:
  ValueReader(std::string file, Problems& problems) : file_(std::move(file)), problems_(problems) {}

  // `skip` is a key that the caller reads itself. Keys that are no fields, or that only the server sets, are problems.
  [[nodiscard]] boost::json::object object(const YAML::Node& node, const google::protobuf::Descriptor& message,
                                           const std::string& path, std::string_view skip = {});
  void problem(const YAML::Node& node, const std::string& path, std::string_view message);

 private:
  void member(const YAML::Node& key, const YAML::Node& node, const google::protobuf::Descriptor& message,
              const std::string& path, boost::json::object& into);
  [[nodiscard]] boost::json::value value(const YAML::Node& node, const google::protobuf::FieldDescriptor& field,
                                         const std::string& path);
  [[nodiscard]] boost::json::value single(const YAML::Node& node, const google::protobuf::FieldDescriptor& field,
                                          const std::string& path);
  [[nodiscard]] boost::json::value map(const YAML::Node& node, const std::string& path);
  [[nodiscard]] boost::json::value references(const YAML::Node& node, std::string_view section, bool repeated,
                                              const std::string& path);

  std::string file_;
  Problems& problems_;
};

}  // namespace sluice::sluicectl
