#include "controlplane/sluicectl/manifest.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <tuple>

#include "controlplane/sluicectl/client.h"
#include "controlplane/sluicectl/normal_form.h"

namespace sluice::sluicectl {

namespace json = boost::json;
using google::protobuf::Descriptor;

namespace {

class Loader {
 public:
  Loader(const api::Schema& schema, Manifest& manifest) : schema_(schema), manifest_(manifest) {}

  void file(const std::filesystem::path& path) {
    std::ifstream in(path);
    if (!in) return problems_.add(path.string(), 1, "cannot be read");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::vector<YAML::Node> documents = parse(text, path.string());
    for (const YAML::Node& document : documents) {
      if (!document.IsNull()) root(document, path);
    }
  }

  [[nodiscard]] Result<> finish() { return problems_.finish(); }

 private:
  // yaml-cpp throws.
  std::vector<YAML::Node> parse(const std::string& text, const std::string& name) {
    try {
      return YAML::LoadAll(text);
    } catch (const YAML::Exception& error) {
      problems_.add(name, error.mark.line + 1, error.msg);
      return {};
    }
  }

  void root(const YAML::Node& node, const std::filesystem::path& path) {
    if (!node.IsMap()) return problems_.add(path.string(), line_of(node), "must be a mapping of kinds");
    for (const auto& entry : node) {
      const std::string word = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const Kind* kind = find_kind(word);
      const Descriptor* message = kind == nullptr ? nullptr : message_of(schema_, *kind);
      if (message == nullptr) {
        std::string all;
        for (const Kind& known : kinds())
          all += (all.empty() ? "" : ", ") + std::string(known.section);
        problems_.add(path.string(), line_of(entry.first), fmt::format("{}: no such kind; there are: {}", word, all));
        continue;
      }
      manifest_.listed.insert(kind);
      section(*kind, *message, entry.second, path);
    }
  }

  void section(const Kind& kind, const Descriptor& message, const YAML::Node& node, const std::filesystem::path& path) {
    if (kind.plural.empty()) return item(kind, message, node, std::string(kind.section), path);
    if (node.IsNull()) return;
    if (!node.IsSequence()) {
      return problems_.add(path.string(), line_of(node), fmt::format("{}: must be a list", kind.section));
    }
    for (std::size_t i = 0; i < node.size(); ++i)
      item(kind, message, node[i], fmt::format("{}[{}]", kind.section, i), path);
  }

  void item(const Kind& kind, const Descriptor& message, const YAML::Node& node, const std::string& at,
            const std::filesystem::path& path) {
    ValueReader reader(path.string(), problems_);
    Item out{.kind = &kind, .wanted = {}, .secret = std::nullopt, .file = path.string(), .line = line_of(node)};
    const std::size_t problems_before = problems_.size();
    out.wanted = reader.object(node, message, at, kind.secret);
    if (!node.IsMap()) return;
    if (const YAML::Node secret = node[std::string(kind.secret)]; !kind.secret.empty() && secret) {
      out.secret = secret_of(kind, secret, at + "." + std::string(kind.secret), path, reader);
    }
    for (const std::string_view field : kind.identity) {
      const json::value* value = out.wanted.if_contains(field);
      if (value == nullptr || !value->is_string() || value->get_string().empty()) {
        const Reference* reference = reference_of(field);
        reader.problem(node, at, fmt::format("needs {}", reference == nullptr ? field : reference->key));
      }
    }
    if (problems_.size() != problems_before) return;
    if (Result<json::object> normal = normal_form(schema_, message, out.wanted); normal) {
      out.wanted = std::move(*normal);
    } else {
      return reader.problem(node, at, normal.error().message);
    }
    std::string same = std::string(kind.section);
    for (const std::string_view field : kind.identity)
      same += "\n" + folded(field, out.wanted.at(field).as_string());
    const auto [before, first] = seen_.emplace(same, fmt::format("{}:{}", out.file, out.line));
    if (!first) return reader.problem(node, at, "is there twice, first at " + before->second);
    manifest_.items.push_back(std::move(out));
  }

  std::optional<SecretSource> secret_of(const Kind& kind, const YAML::Node& node, const std::string& at,
                                        const std::filesystem::path& path, ValueReader& reader) {
    if (!node.IsMap()) {
      reader.problem(node, at, "must be {from_env: NAME} or {from_file: PATH}: secrets do not belong into this file");
      return std::nullopt;
    }
    SecretSource out;
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const std::string value = entry.second.IsScalar() ? entry.second.Scalar() : "";
      if (key == "from_env" || key == "from_file" || (key == "to_file" && kind.section == "api_keys")) {
        if (!out.place.empty() || value.empty()) reader.problem(entry.first, at, "needs one place");
        out.from = key == "from_env"    ? SecretSource::From::kEnvironment
                   : key == "from_file" ? SecretSource::From::kFile
                                        : SecretSource::From::kToFile;
        out.place = key == "from_env" ? value : (path.parent_path() / value).string();
      } else if (kind.section == "accounts" && (key == "kind" || key == "expires_at")) {
        out.more[key] = value;
      } else {
        reader.problem(entry.first, at + "." + key, "there is no such field");
      }
    }
    if (out.place.empty()) reader.problem(node, at, "needs from_env or from_file");
    if (kind.section == "accounts") credential_kind(node, at, out, reader);
    return out;
  }

  void credential_kind(const YAML::Node& node, const std::string& at, SecretSource& source, ValueReader& reader) {
    const auto* method = find_method(schema_, "SetAccountCredential");
    const auto* field = method == nullptr ? nullptr : method->input_type()->FindFieldByName("credential");
    const auto* type = field == nullptr ? nullptr : field->message_type()->FindFieldByName("kind")->enum_type();
    json::value& word = source.more["kind"];
    if (word.is_null()) word = "api_key";
    const auto full = type == nullptr ? std::nullopt : long_enum(*type, std::string(word.as_string()));
    if (full) {
      word = *full;
    } else {
      reader.problem(node, at + ".kind", "must be one of " + (type == nullptr ? std::string() : enum_words(*type)));
    }
  }

  const api::Schema& schema_;
  Manifest& manifest_;
  Problems problems_;
  std::map<std::string, std::string> seen_;
};

}  // namespace

std::string Item::reference() const {
  const json::value* name = kind->identity.empty() ? nullptr : wanted.if_contains(kind->identity.back());
  return reference_to(kind->section, name == nullptr ? std::string() : std::string(name->as_string()));
}

Result<Manifest> load_manifest(const api::Schema& schema, const std::filesystem::path& path) {
  std::error_code failed;
  std::vector<std::filesystem::path> files{path};
  if (std::filesystem::is_directory(path, failed)) {
    files.clear();
    for (const auto& entry : std::filesystem::directory_iterator(path, failed)) {
      if (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml") files.push_back(entry.path());
    }
    std::ranges::sort(files);
  }
  Manifest manifest;
  Loader loader(schema, manifest);
  for (const auto& file : files)
    loader.file(file);
  if (Result<> fine = loader.finish(); !fine) return std::unexpected(fine.error());
  if (files.empty()) return fail(ErrorCode::kInvalidArgument, path.string() + ": holds no *.yaml");
  std::ranges::sort(manifest.items, {}, [](const Item& item) { return std::tuple(item.kind, item.file, item.line); });
  return manifest;
}

}  // namespace sluice::sluicectl
