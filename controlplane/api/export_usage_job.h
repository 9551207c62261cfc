// The job that writes exports of usage events, and the one that drops them.
#pragma once

#include <string>

#include "controlplane/jobs/job.h"
#include "controlplane/usage/events.h"
#include "sluice/admin/v1/usage_exports.pb.h"

namespace sluice::api {

inline constexpr const char* kExportUsageJob = "export_usage";

// A page of events and its place in the file are one transaction: whoever goes on, nothing is missing or twice.
[[nodiscard]] jobs::Job export_usage_job();
[[nodiscard]] jobs::Job drop_usage_exports_job();

[[nodiscard]] usage::EventFilter export_filter(const admin::v1::UsageFilter& filter);

}  // namespace sluice::api
