// A YAML config file. A program reads its settings through sections, which declares its keys at the same time:
//   Result<Document> file = Document::load("dataplane.yaml");
//   Section root = file->root();
//   settings.listen = root.text("listen", "0.0.0.0:8080");
//   Section redis = root.section("redis");
//   settings.command_time = redis.duration("command_time", 50ms, {.min = 1ms, .max = 5s});
//   if (Result<> checked = file->finish(); !checked) ...   // every problem of the file, one per line
// Getters never fail: they note the problem and return the default. Only finish() decides. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/config/section.h"

namespace sluice::config {

class Document {
 public:
  // kNotFound, or kInvalidArgument with line and column if it is not YAML or no mapping. An empty file is an empty
  // mapping.
  [[nodiscard]] static Result<Document> load(const std::filesystem::path& path);
  // `name` stands for the file in errors; relative paths are resolved against `folder`.
  [[nodiscard]] static Result<Document> parse(std::string_view yaml, std::string name,
                                              std::filesystem::path folder = {});
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  // Sections must not outlive the document.
  [[nodiscard]] Section root();

  // kInvalidArgument with all problems, each on its own line: "file.yaml:12: redis.command_time: ...". Keys that no
  // getter asked for are problems too. Call it after all getters.
  [[nodiscard]] Result<> finish() const;

 private:
  explicit Document(std::unique_ptr<detail::Tree> tree);
  std::unique_ptr<detail::Tree> tree_;
};

}  // namespace sluice::config
