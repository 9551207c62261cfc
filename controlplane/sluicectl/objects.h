// get, create, update, delete and disable: the same for every kind of object, by the methods that the API has for it.
// One thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "controlplane/sluicectl/client.h"
#include "controlplane/sluicectl/output.h"

namespace sluice::sluicectl {

// What `sluicectl get` may be asked for: "accounts", "api-keys" ...
[[nodiscard]] std::vector<std::string> object_words(const api::Schema& schema);

struct GetOptions {
  std::string kind;  // "accounts", "account", "keys"
  std::string name;  // an id, a name or an e-mail; empty: all
  Format format = Format::kTable;
  std::vector<std::string> filters;  // "group_id=...", fields of the List request
  std::size_t most = 1000;           // rows
};
// The text to print.
[[nodiscard]] Result<std::string> get(const Client& client, const GetOptions& options);

// `body` is the object itself, as the API spells it. The answers are printed as JSON; CreateApiKey's holds the new key.
[[nodiscard]] Result<std::string> create(const Client& client, std::string_view kind, const boost::json::object& body);
// Changes the fields that `body` has.
[[nodiscard]] Result<std::string> update(const Client& client, std::string_view kind, const std::string& name,
                                         boost::json::object body);
[[nodiscard]] Result<std::string> remove(const Client& client, std::string_view kind, const std::string& name);
[[nodiscard]] Result<std::string> set_status(const Client& client, std::string_view kind, const std::string& name,
                                             std::string_view word);

// The object that an id, name or e-mail means; kNotFound, or kFailedPrecondition if several are meant.
[[nodiscard]] Result<boost::json::object> find_object(const Client& client, std::string_view kind,
                                                      const std::string& name);

}  // namespace sluice::sluicectl
