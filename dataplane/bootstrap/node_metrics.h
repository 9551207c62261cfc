// Figures of the node that are read when somebody asks, not counted on the way: journal, uploader, config.
#pragma once

#include "common/observe/metrics.h"
#include "dataplane/sync/client.h"
#include "dataplane/usage/journal.h"
#include "dataplane/usage/uploader.h"

namespace sluice::bootstrap {

// References outlive the registry's last text(): the admin server goes first.
void add_node_metrics(observe::MetricsRegistry& metrics, const usage::Journal& journal, const usage::Uploader& uploader,
                      const sync::Client& sync);

}  // namespace sluice::bootstrap
