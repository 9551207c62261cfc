// The single checks of the doctor. Only for controlplane/sluicectl.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/sluicectl/doctor.h"

namespace sluice::sluicectl::doctor {

using Rows = std::vector<boost::json::object>;

// The lists, each read once, and what was found so far.
class Visit {
 public:
  Visit(const Client& client, SystemTime now) : client_(client), now_(now) {}

  void ok(std::string what) { findings_.push_back({Grade::kOk, std::move(what), {}}); }
  void warn(std::string what, std::string remedy) { add(Grade::kWarn, std::move(what), std::move(remedy)); }
  void fail(std::string what, std::string remedy) { add(Grade::kFail, std::move(what), std::move(remedy)); }
  // A check's last word: "ok" unless it has found something since `before`.
  void end_of_check(std::size_t before, std::string what);

  // nullptr, and a finding, if it cannot be read.
  [[nodiscard]] const Rows* rows(std::string_view method, std::size_t most = SIZE_MAX);

  [[nodiscard]] const Client& client() const { return client_; }
  [[nodiscard]] SystemTime now() const { return now_; }
  [[nodiscard]] std::size_t count() const { return findings_.size(); }
  [[nodiscard]] std::vector<Finding>& findings() { return findings_; }

 private:
  void add(Grade grade, std::string what, std::string remedy) {
    findings_.push_back({grade, std::move(what), std::move(remedy)});
  }

  const Client& client_;
  SystemTime now_;
  std::vector<std::pair<std::string, std::optional<Rows>>> read_;
  std::vector<Finding> findings_;
};

// Fields of answers, with their zero values if they are not there.
[[nodiscard]] std::string text(const boost::json::object& row, std::string_view field);
[[nodiscard]] bool flag(const boost::json::object& row, std::string_view field);
[[nodiscard]] std::int64_t number(const boost::json::object& row, std::string_view field);
[[nodiscard]] std::vector<std::string> texts(const boost::json::object& row, std::string_view field);
// Nothing if it is not set.
[[nodiscard]] std::optional<SystemTime> moment(const boost::json::object& row, std::string_view field);
// "90 s", "5 min", "3 h".
[[nodiscard]] std::string ago(SystemTime::duration time);

void check_clock(Visit& visit);
void check_nodes(Visit& visit);
void check_accounts(Visit& visit);
void check_logins(Visit& visit);
void check_groups(Visit& visit);
void check_prices(Visit& visit);
void check_ledger(Visit& visit);
void check_jobs(Visit& visit);

}  // namespace sluice::sluicectl::doctor
