#include "controlplane/sluicectl/object_commands.h"

#include <fmt/core.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "controlplane/sluicectl/apply_command.h"
#include "controlplane/sluicectl/commands.h"
#include "controlplane/sluicectl/kinds.h"

namespace sluice::sluicectl {

namespace json = boost::json;

namespace {

Result<json::object> read_body(const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(path);
    if (!file) return fail(ErrorCode::kInvalidArgument, path + ": cannot be read");
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return fail(ErrorCode::kInvalidArgument, path + ": is no JSON object");
  return std::move(value.as_object());
}

}  // namespace

int print(const Result<std::string>& text) {
  if (!text) return complain(text.error());
  fmt::print("{}", *text);
  return kDone;
}

int change(const Client& client, const ChangeOptions& options) {
  switch (options.what) {
    case ChangeKind::kDelete:
      return print(remove(client, options.kind, options.name));
    case ChangeKind::kDisable:
      return print(set_status(client, options.kind, options.name, "disabled"));
    case ChangeKind::kEnable:
      return print(set_status(client, options.kind, options.name, "active"));
    default:
      break;
  }
  Result<json::object> body = read_body(options.file);
  if (!body) return complain(body.error());
  if (options.what == ChangeKind::kCreate) return print(create(client, options.kind, *body));
  return print(update(client, options.kind, options.name, std::move(*body)));
}

int jobs(const Client& client, const std::string& run, Format format) {
  if (run.empty()) return print(get(client, {.kind = "jobs", .name = {}, .format = format, .filters = {}}));
  auto answer = client.call("TriggerJob", {{"name", run}});
  if (!answer) return complain(answer.error());
  fmt::print("job {}: due now\n", run);
  return kDone;
}

int test_account(const Client& client, const std::string& name, const std::string& model) {
  const auto* method = find_method(client.schema(), "TestAccount");
  if (method == nullptr) return complain({ErrorCode::kNotFound, "this build cannot test accounts"});
  const auto account = find_object(client, "accounts", name);
  if (!account) return complain(account.error());
  json::object request;
  const bool by_id = method->input_type()->FindFieldByName("id") != nullptr;
  request[by_id ? "id" : "account_id"] = account->at("id");
  if (!model.empty()) request["model"] = model;
  const Result<> done = client.stream("TestAccount", request,
                                      [](const json::object& message) {
                                        fmt::print("{}", yaml(message));
                                        return true;
                                      },
                                      {.limit = std::chrono::minutes(2)});
  return done ? static_cast<int>(kDone) : complain(done.error());
}

}  // namespace sluice::sluicectl
