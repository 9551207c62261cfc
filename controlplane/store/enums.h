// The words that rows use for their states, and how they are written in SQL. Plain values.
#pragma once

#include <string_view>

#include "common/money/window.h"
#include "sluice/config/v1/config.pb.h"
#include "sluice/config/v1/resources.pb.h"

namespace sluice::store {

// Deleted rows stay for the history that refers to them; nothing brings them back.
enum class Status { kActive, kDisabled, kDeleted };
enum class Role { kUser, kAdmin, kOwner, kOperator, kFinance, kSupport, kReadOnly };
// What happens upstream when a client leaves a running stream.
enum class Interruption { kCancel, kDrain };
enum class CredentialKind { kApiKey, kAccessToken };
using BudgetWindow = money::Window;

// "active", "disabled", "deleted"; "user", "admin", "owner", "operator", "finance", "support", "read_only"; "cancel",
// "drain"; "api_key", "access_token"; "day", "week", "month", "total".
[[nodiscard]] std::string_view name(Status status);
[[nodiscard]] std::string_view name(Role role);
[[nodiscard]] std::string_view name(Interruption policy);
[[nodiscard]] std::string_view name(CredentialKind kind);
[[nodiscard]] std::string_view name(BudgetWindow window);

// The reverse, for values out of the database, whose CHECK constraints allow no others; aborts on others.
[[nodiscard]] Status status_of(std::string_view name);
[[nodiscard]] Role role_of(std::string_view name);
[[nodiscard]] Interruption interruption_of(std::string_view name);
[[nodiscard]] CredentialKind credential_kind_of(std::string_view name);
[[nodiscard]] BudgetWindow budget_window_of(std::string_view name);

// How a status is pushed to the nodes.
[[nodiscard]] config::v1::State state_of(Status status);
[[nodiscard]] config::v1::BudgetWindow pushed(BudgetWindow window);

}  // namespace sluice::store
