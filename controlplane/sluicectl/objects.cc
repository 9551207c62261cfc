#include "controlplane/sluicectl/objects.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "common/base/uuid.h"
#include "common/config/nearest.h"
#include "controlplane/sluicectl/kinds.h"

namespace sluice::sluicectl {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::MethodDescriptor;

namespace {

constexpr std::array kAliases =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"keys", "api_keys"},
                                                                  {"key", "api_keys"},
                                                                  {"proxies", "egress_proxies"},
                                                                  {"proxy", "egress_proxies"},
                                                                  {"plans", "subscription_plans"},
                                                                  {"plan", "subscription_plans"},
                                                                  {"usage", "usage_events"},
                                                                  {"tokens", "admin_tokens"},
                                                                  {"codes", "redeem_codes"},
                                                                  {"audit", "audit_records"},
                                                                  {"ledger", "ledger_entries"},
                                                                  {"checks", "ledger_checks"},
                                                                  {"health", "account_health"},
                                                                  {"grants", "oauth_grants"}});

// A kind as the API's methods make it.
struct Words {
  const MethodDescriptor* list = nullptr;  // nullptr: there is just one, and `get` reads it
  const MethodDescriptor* get = nullptr;
  const Descriptor* message = nullptr;
  std::string field = {};     // "api_key"
  std::string singular = {};  // "ApiKey"
};

std::string plural_of(const MethodDescriptor& list) {
  return snake(std::string_view(list.name()).substr(4));
}

std::string normal(std::string_view word) {
  std::string out(word);
  std::ranges::replace(out, '-', '_');
  for (const auto& [alias, meant] : kAliases) {
    if (out == alias) return std::string(meant);
  }
  return out;
}

// The only field of that answer that is a message.
const google::protobuf::FieldDescriptor* object_field(const MethodDescriptor& get) {
  for (int i = 0; i < get.output_type()->field_count(); ++i) {
    const auto* field = get.output_type()->field(i);
    if (!field->is_repeated() && field->message_type() != nullptr) return field;
  }
  return nullptr;
}

Words list_words(const api::Schema& schema, const MethodDescriptor& list) {
  Words words{.list = &list, .message = rows_field(list)->message_type()};
  words.singular = words.message->name();
  words.field = snake(words.singular);
  words.get = find_method(schema, "Get" + words.singular);
  return words;
}

Result<Words> find_words(const api::Schema& schema, std::string_view kind) {
  const std::string word = normal(kind);
  for (const auto* service : schema.services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      if (method.name().starts_with("List") && rows_field(method) != nullptr) {
        Words words = list_words(schema, method);
        if (word == plural_of(method) || word == words.field) return words;
      }
      if (method.name().starts_with("Get") && word == snake(std::string_view(method.name()).substr(3)) &&
          method.input_type()->field_count() == 0 && object_field(method) != nullptr &&
          object_field(method)->name() == word) {
        const auto* field = object_field(method);
        return Words{.get = &method,
                     .message = field->message_type(),
                     .field = field->name(),
                     .singular = field->message_type()->name()};
      }
    }
  }
  const std::vector<std::string> all = object_words(schema);
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: no such kind; there are: {}", kind, fmt::join(all, ", ")));
}

Result<json::object> filters_of(const Words& words, const std::vector<std::string>& filters) {
  json::object request;
  for (const std::string& filter : filters) {
    const std::size_t equals = filter.find('=');
    const std::string name = filter.substr(0, equals);
    const auto* field = words.list->input_type()->FindFieldByName(name);
    if (equals == std::string::npos || field == nullptr || name.starts_with("page_")) {
      std::vector<std::string> all;
      for (int i = 0; i < words.list->input_type()->field_count(); ++i) {
        const std::string& known = words.list->input_type()->field(i)->name();
        if (!known.starts_with("page_")) all.push_back(known + "=...");
      }
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("filter {}: there {}", filter,
                              all.empty() ? "are none" : fmt::format("are: {}", fmt::join(all, ", "))));
    }
    const std::string text = filter.substr(equals + 1);
    json::value value(text);
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_BOOL) value = text == "true";
    if (field->enum_type() != nullptr) value = long_enum(*field->enum_type(), text).value_or(text);
    if (!field->is_repeated()) {
      request[name] = value;
      continue;
    }
    if (!request.contains(name)) request[name].emplace_array();
    request[name].as_array().push_back(value);
  }
  return request;
}

bool is_called(const json::object& row, const std::string& name) {
  return std::ranges::any_of(std::array{"id", "name", "email", "model", "account_id"}, [&](const char* key) {
    const json::value* value = row.if_contains(key);
    return value != nullptr && value->is_string() && value->get_string() == name;
  });
}

Result<json::object> find_one(const Client& client, const Words& words, const std::string& name) {
  const bool by_id = words.get != nullptr && words.get->input_type()->field_count() == 1 && Uuid::parse(name);
  if (by_id) {
    auto answer = client.call(words.get->name(), {{words.get->input_type()->field(0)->name(), name}});
    if (!answer) return answer;
    return answer->at(object_field(*words.get)->name()).as_object();
  }
  auto rows = client.list(words.list->name());
  if (!rows) return std::unexpected(rows.error());
  std::erase_if(*rows, [&](const json::object& row) { return !is_called(row, name); });
  if (rows->empty()) return fail(ErrorCode::kNotFound, fmt::format("there is no {} called {}", words.field, name));
  if (rows->size() == 1) return rows->front();
  return fail(ErrorCode::kFailedPrecondition,
              fmt::format("{}: {} are called that: say which by its id", name, rows->size()));
}

std::string show(const Words& words, Format format, const std::vector<json::object>& rows, bool one) {
  if (format == Format::kTable) return table(*words.message, rows);
  json::value value = one ? json::value(rows.front()) : json::value(json::array(rows.begin(), rows.end()));
  return format == Format::kJson ? pretty_json(value) : yaml(value);
}

}  // namespace

std::vector<std::string> object_words(const api::Schema& schema) {
  std::vector<std::string> out{"settings"};
  for (const auto* service : schema.services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      if (!method.name().starts_with("List") || rows_field(method) == nullptr) continue;
      out.push_back(plural_of(method));
      std::ranges::replace(out.back(), '_', '-');
    }
  }
  std::ranges::sort(out);
  return out;
}

Result<std::string> get(const Client& client, const GetOptions& options) {
  const Result<Words> words = find_words(client.schema(), options.kind);
  if (!words) return std::unexpected(words.error());
  if (words->list == nullptr) {
    auto answer = client.call(words->get->name(), {});
    if (!answer) return std::unexpected(answer.error());
    const json::object& object = answer->at(words->field).as_object();
    return options.format == Format::kJson ? pretty_json(object) : yaml(object);
  }
  if (!options.name.empty()) {
    auto object = find_one(client, *words, options.name);
    if (!object) return std::unexpected(object.error());
    return show(*words, options.format, {*object}, true);
  }
  auto request = filters_of(*words, options.filters);
  if (!request) return std::unexpected(request.error());
  auto rows = client.list(words->list->name(), std::move(*request), options.most);
  if (!rows) return std::unexpected(rows.error());
  return show(*words, options.format, *rows, false);
}

Result<json::object> find_object(const Client& client, std::string_view kind, const std::string& name) {
  const Result<Words> words = find_words(client.schema(), kind);
  if (!words) return std::unexpected(words.error());
  if (words->list == nullptr) return fail(ErrorCode::kInvalidArgument, fmt::format("{}: there is just one", kind));
  return find_one(client, *words, name);
}

Result<std::string> create(const Client& client, std::string_view kind, const json::object& body) {
  const Result<Words> words = find_words(client.schema(), kind);
  if (!words) return std::unexpected(words.error());
  auto answer = client.call("Create" + words->singular, {{words->field, body}});
  if (!answer) return std::unexpected(answer.error());
  return pretty_json(*answer);
}

Result<std::string> update(const Client& client, std::string_view kind, const std::string& name, json::object body) {
  const Result<Words> words = find_words(client.schema(), kind);
  if (!words) return std::unexpected(words.error());
  std::string mask;
  for (const auto& entry : body) {
    if (entry.key() != "id" && entry.key() != "etag") mask += (mask.empty() ? "" : ",") + std::string(entry.key());
  }
  if (words->list != nullptr) {
    auto object = find_one(client, *words, name);
    if (!object) return std::unexpected(object.error());
    body["id"] = object->at("id");
    const json::value* etag = object->if_contains("etag");
    if (etag != nullptr && !body.contains("etag")) body["etag"] = *etag;
  }
  auto answer = client.call("Update" + words->singular, {{words->field, body}, {"update_mask", mask}});
  if (!answer) return std::unexpected(answer.error());
  return pretty_json(*answer);
}

Result<std::string> remove(const Client& client, std::string_view kind, const std::string& name) {
  const Result<Words> words = find_words(client.schema(), kind);
  if (!words) return std::unexpected(words.error());
  auto object = find_object(client, kind, name);
  if (!object) return std::unexpected(object.error());
  const MethodDescriptor* method = find_method(client.schema(), "Delete" + words->singular);
  if (method == nullptr) return fail(ErrorCode::kInvalidArgument, fmt::format("{} cannot be deleted", kind));
  json::object request{{"id", object->at("id")}};
  const json::value* etag = object->if_contains("etag");
  if (etag != nullptr && method->input_type()->FindFieldByName("etag") != nullptr) request["etag"] = *etag;
  auto answer = client.call(method->name(), request);
  if (!answer) return std::unexpected(answer.error());
  return fmt::format("deleted {} {}\n", words->field, name);
}

Result<std::string> set_status(const Client& client, std::string_view kind, const std::string& name,
                               std::string_view word) {
  const Result<Words> words = find_words(client.schema(), kind);
  if (!words) return std::unexpected(words.error());
  const auto* field = words->message->FindFieldByName("status");
  const auto full =
      field == nullptr || field->enum_type() == nullptr ? std::nullopt : long_enum(*field->enum_type(), word);
  if (!full) return fail(ErrorCode::kInvalidArgument, fmt::format("{} cannot be {}", kind, word));
  auto done = update(client, kind, name, {{"status", *full}});
  if (!done) return done;
  return fmt::format("{} {} is {}\n", words->field, name, word);
}

}  // namespace sluice::sluicectl
