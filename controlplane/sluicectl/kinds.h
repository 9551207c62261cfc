// The kinds of objects that a manifest may hold, and how the API's words fit together. Free functions, any thread.
#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/api/schema.h"

namespace sluice::sluicectl {

struct Kind {
  std::string_view section;                // of manifests, and in references: "groups"
  std::string_view alias;                  // another word for it; empty if there is none
  std::string_view message;                // "Group": the methods are CreateGroup, UpdateGroup, DeleteGroup
  std::string_view plural;                 // "Groups": ListGroups; empty for settings, which are one object
  std::string_view field;                  // of requests and answers: "group"
  std::vector<std::string_view> identity;  // the fields that tell one from another
  std::string_view secret;                 // the manifest's key for what is write-only; empty if there is none
};

// In the order in which they depend on each other.
[[nodiscard]] std::span<const Kind> kinds();
// By section or alias; nullptr if there is none.
[[nodiscard]] const Kind* find_kind(std::string_view word);

// A key of manifests that names objects of another kind where the API wants ids: "groups" for "group_ids".
struct Reference {
  std::string_view key;
  std::string_view field;
  std::string_view section;
};
[[nodiscard]] const Reference* find_reference(std::string_view key, const google::protobuf::Descriptor& message);
[[nodiscard]] const Reference* reference_of(std::string_view field);

// "@groups/team". E-mails are the same in either case.
[[nodiscard]] std::string reference_to(std::string_view section, std::string_view name);
// As names of that field are compared.
[[nodiscard]] std::string folded(std::string_view field, std::string_view name);

// By its name, such as "ListGroups"; nullptr if this build has none.
[[nodiscard]] const google::protobuf::MethodDescriptor* find_method(const api::Schema& schema, std::string_view name);
// The message of a kind; nullptr if this build has none.
[[nodiscard]] const google::protobuf::Descriptor* message_of(const api::Schema& schema, const Kind& kind);

// What the server sets: a manifest may not.
[[nodiscard]] bool is_read_only(std::string_view field);
// Decimal strings: "1.5" and "1.50" are the same.
[[nodiscard]] bool is_decimal(std::string_view field);

// "API_KEY_STATUS_ACTIVE" as people write it: "active". Any other text as it is.
[[nodiscard]] std::string short_enum(const google::protobuf::EnumDescriptor& type, std::string_view value);
// The other way; nullopt if there is no such value.
[[nodiscard]] std::optional<std::string> long_enum(const google::protobuf::EnumDescriptor& type, std::string_view word);
[[nodiscard]] std::string enum_words(const google::protobuf::EnumDescriptor& type);

// "ListApiKeys" -> "list_api_keys".
[[nodiscard]] std::string snake(std::string_view camel);

}  // namespace sluice::sluicectl
