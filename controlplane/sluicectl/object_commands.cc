#include "controlplane/sluicectl/object_commands.h"

#include <fmt/core.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "controlplane/sluicectl/apply_command.h"
#include "controlplane/sluicectl/commands.h"
#include "controlplane/sluicectl/normal_form.h"

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

// One line: when, what, and what is known of it.
void show_event(const json::object& event) {
  const auto elapsed = event.if_contains("elapsed_ms");
  const std::string when = elapsed != nullptr && elapsed->is_string() ? std::string(elapsed->get_string()) : "0";
  for (const auto& [key, value] : event) {
    if (key == "elapsed_ms") continue;
    std::string facts = plain_text(nullptr, value);
    if (value.is_object()) facts = facts.substr(1, facts.size() - 2);
    fmt::print("{:>6} ms  {:<10}  {}\n", when, printable(key), facts);
  }
  std::fflush(stdout);
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

int test_account(const Client& client, const TestOptions& options) {
  const auto account = find_object(client, "accounts", options.name);
  if (!account) return complain(account.error());
  json::object request{{"account_id", account->at("id")}};
  if (!options.model.empty()) request["model"] = options.model;
  if (!options.prompt.empty()) request["prompt"] = options.prompt;
  bool worked = false;
  const Result<> done = client.stream("TestAccount", request,
                                      [&worked](const json::object& event) {
                                        show_event(event);
                                        worked = event.contains("done");
                                        return true;
                                      },
                                      {.limit = std::chrono::minutes(2)});
  if (!done) return complain(done.error());
  return worked ? kDone : kFailed;
}

}  // namespace sluice::sluicectl
