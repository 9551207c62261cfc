#include "common/config/document.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "common/config/tree.h"

namespace sluice::config {

Document::Document(std::unique_ptr<detail::Tree> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Result<Document> Document::load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  if (!file || std::filesystem::is_directory(path, error)) {
    return fail(ErrorCode::kNotFound, fmt::format("cannot read the config file {}: {}", path.string(),
                                                  file ? "it is a folder" : std::strerror(errno)));
  }
  const std::string yaml{std::istreambuf_iterator<char>(file), {}};
  return parse(yaml, path.string(), std::filesystem::absolute(path).parent_path());
}

Result<Document> Document::parse(std::string_view yaml, std::string name, std::filesystem::path folder) {
  auto tree = std::make_unique<detail::Tree>();
  tree->name = std::move(name);
  tree->folder = std::move(folder);
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsMap() && !root.IsNull()) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("{}:{}: the file must be a mapping of keys to values",
                                                           tree->name, detail::line_of(root)));
    }
    tree->add(root, "", 1);
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}:{}:{}: {}", tree->name, e.mark.line + 1, e.mark.column + 1, e.msg));
  }
  return Document(std::move(tree));
}

Section Document::root() {
  return {tree_.get(), tree_->mappings.front().get()};
}

Result<> Document::finish() const {
  detail::Problems problems = tree_->problems;
  for (const auto& mapping : tree_->mappings)
    detail::find_unknown_keys(*mapping, problems);
  if (problems.empty()) return {};
  std::string message;
  for (const auto& [line, text] : problems) {
    if (!message.empty()) message += '\n';
    message += fmt::format("{}:{}: {}", tree_->name, line, text);
  }
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace sluice::config
