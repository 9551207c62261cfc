// Groups as the admin API shows them. Any thread.
#pragma once

#include "common/base/status.h"
#include "controlplane/store/groups.h"
#include "sluice/admin/v1/groups.pb.h"

namespace sluice::api {

void to_message(const store::Group& row, admin::v1::Group& into);

// Everything but what the server sets. kInvalidArgument with the field's name.
[[nodiscard]] Result<> from_message(const admin::v1::Group& group, store::Group& into);

}  // namespace sluice::api
