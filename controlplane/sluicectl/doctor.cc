#include "controlplane/sluicectl/doctor.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "controlplane/sluicectl/doctor_checks.h"
#include "controlplane/sluicectl/kinds.h"
#include "controlplane/sluicectl/output.h"

namespace sluice::sluicectl {

namespace json = boost::json;

namespace doctor {

void Visit::end_of_check(std::size_t before, std::string what) {
  if (findings_.size() == before) ok(std::move(what));
}

const Rows* Visit::rows(std::string_view method, std::size_t most) {
  const auto known = std::ranges::find(read_, method, [](const auto& entry) { return std::string_view(entry.first); });
  if (known != read_.end()) return known->second ? &*known->second : nullptr;
  auto answer = client_.list(method, {}, most);
  read_.reserve(32);  // callers keep pointers
  auto& entry = read_.emplace_back(std::string(method), std::nullopt);
  if (answer) {
    entry.second = std::move(*answer);
    return &*entry.second;
  }
  std::string name = snake(method.substr(4));
  std::ranges::replace(name, '_', ' ');
  if (answer.error().code == ErrorCode::kPermissionDenied) {
    warn(fmt::format("{}: not looked at: {}", name, answer.error().message), "use a token with that scope");
  } else {
    fail(fmt::format("{}: {}", name, answer.error().message), "see the control plane's log");
  }
  return nullptr;
}

std::string text(const json::object& row, std::string_view field) {
  const json::value* value = row.if_contains(field);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag(const json::object& row, std::string_view field) {
  const json::value* value = row.if_contains(field);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::int64_t number(const json::object& row, std::string_view field) {
  const json::value* value = row.if_contains(field);
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->get_int64();
  std::int64_t out = 0;
  if (value->is_string()) std::from_chars(value->get_string().begin(), value->get_string().end(), out);
  return out;
}

std::vector<std::string> texts(const json::object& row, std::string_view field) {
  std::vector<std::string> out;
  const json::value* value = row.if_contains(field);
  if (value == nullptr || !value->is_array()) return out;
  for (const json::value& element : value->get_array()) {
    if (element.is_string()) out.emplace_back(element.get_string());
  }
  return out;
}

std::string ago(SystemTime::duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

namespace {

// False if there is no point in looking further.
bool check_access(Visit& visit, const Profile& profile) {
  if (auto reached = visit.client().reach(std::chrono::seconds(5)); !reached) {
    visit.fail("endpoint: " + reached.error().message, "is the control plane running, and the endpoint right?");
    return false;
  }
  visit.ok(fmt::format("endpoint {}: reachable {}", profile.endpoint,
                       is_local(profile.endpoint) ? "on this machine, without TLS" : "over TLS, with a trusted name"));
  auto answer = visit.client().call("ListGroups", {{"page_size", 1}});
  if (answer || answer.error().code == ErrorCode::kPermissionDenied) {
    visit.ok("token: accepted");
    return true;
  }
  const bool refused = answer.error().code == ErrorCode::kUnauthenticated;
  visit.fail((refused ? "token: " : "API: ") + answer.error().message,
             refused ? "make a new token and run sluicectl login" : "see the control plane's log");
  return false;
}

}  // namespace

}  // namespace doctor

std::vector<Finding> examine(const Client& client, const Profile& profile, SystemTime now) {
  doctor::Visit visit(client, now);
  if (!doctor::check_access(visit, profile)) return std::move(visit.findings());
  doctor::check_clock(visit);
  doctor::check_nodes(visit);
  doctor::check_accounts(visit);
  doctor::check_logins(visit);
  doctor::check_groups(visit);
  doctor::check_prices(visit);
  doctor::check_ledger(visit);
  doctor::check_jobs(visit);
  return std::move(visit.findings());
}

Grade worst(const std::vector<Finding>& findings) {
  Grade out = Grade::kOk;
  for (const Finding& finding : findings)
    out = std::max(out, finding.grade);
  return out;
}

std::string report(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    const std::string grade = finding.grade == Grade::kOk     ? coloured("OK  ", 32)
                              : finding.grade == Grade::kWarn ? coloured("WARN", 33)
                                                              : coloured("FAIL", 31);
    out += fmt::format("{}  {}{}{}\n", grade, printable(finding.what), finding.remedy.empty() ? "" : " -> ",
                       printable(finding.remedy));
  }
  return out;
}

}  // namespace sluice::sluicectl
