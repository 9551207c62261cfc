#include "controlplane/store/enums.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace sluice::store {
namespace {

template <class T>
T find(std::string_view text, std::initializer_list<T> values) {
  for (const T value : values) {
    if (name(value) == text) return value;
  }
  fmt::print(stderr, "sluice: \"{}\" in the database is none of the words of this build\n", text);
  std::abort();
}

}  // namespace

std::string_view name(Status status) {
  switch (status) {
    case Status::kActive:
      return "active";
    case Status::kDisabled:
      return "disabled";
    case Status::kDeleted:
      return "deleted";
  }
  return {};
}

std::string_view name(Role role) {
  switch (role) {
    case Role::kUser:
      return "user";
    case Role::kAdmin:
      return "admin";
    case Role::kOwner:
      return "owner";
    case Role::kOperator:
      return "operator";
    case Role::kFinance:
      return "finance";
    case Role::kSupport:
      return "support";
    case Role::kReadOnly:
      return "read_only";
  }
  std::abort();
}

std::string_view name(Interruption policy) {
  return policy == Interruption::kDrain ? "drain" : "cancel";
}

std::string_view name(CredentialKind kind) {
  return kind == CredentialKind::kAccessToken ? "access_token" : "api_key";
}

std::string_view name(BudgetWindow window) {
  switch (window) {
    case BudgetWindow::kDay:
      return "day";
    case BudgetWindow::kWeek:
      return "week";
    case BudgetWindow::kMonth:
      return "month";
    case BudgetWindow::kTotal:
      return "total";
  }
  return {};
}

Status status_of(std::string_view name) {
  return find(name, {Status::kActive, Status::kDisabled, Status::kDeleted});
}

Role role_of(std::string_view name) {
  return find(name, {Role::kUser, Role::kAdmin, Role::kOwner, Role::kOperator, Role::kFinance, Role::kSupport,
                     Role::kReadOnly});
}

Interruption interruption_of(std::string_view name) {
  return find(name, {Interruption::kCancel, Interruption::kDrain});
}

CredentialKind credential_kind_of(std::string_view name) {
  return find(name, {CredentialKind::kApiKey, CredentialKind::kAccessToken});
}

BudgetWindow budget_window_of(std::string_view name) {
  return find(name, {BudgetWindow::kDay, BudgetWindow::kWeek, BudgetWindow::kMonth, BudgetWindow::kTotal});
}

config::v1::BudgetWindow pushed(BudgetWindow window) {
  switch (window) {
    case BudgetWindow::kDay:
      return config::v1::BUDGET_WINDOW_DAY;
    case BudgetWindow::kWeek:
      return config::v1::BUDGET_WINDOW_WEEK;
    case BudgetWindow::kMonth:
      return config::v1::BUDGET_WINDOW_MONTH;
    case BudgetWindow::kTotal:
      return config::v1::BUDGET_WINDOW_TOTAL;
  }
  return config::v1::BUDGET_WINDOW_UNSPECIFIED;
}

config::v1::State state_of(Status status) {
  switch (status) {
    case Status::kActive:
      return config::v1::STATE_ACTIVE;
    case Status::kDisabled:
      return config::v1::STATE_DISABLED;
    case Status::kDeleted:
      return config::v1::STATE_DELETED;
  }
  return config::v1::STATE_UNSPECIFIED;
}

}  // namespace sluice::store
