#include "dataplane/bootstrap/node_metrics.h"

namespace sluice::bootstrap {

void add_node_metrics(observe::MetricsRegistry& metrics, const usage::Journal& journal, const usage::Uploader& uploader,
                      const sync::Client& sync) {
  observe::Gauge& records = metrics.gauge("sluice_journal_records", "Usage records in flight or not yet acknowledged");
  observe::Gauge& oldest = metrics.gauge("sluice_journal_oldest_seconds", "Age of the oldest of them");
  observe::Gauge& acknowledged =
      metrics.gauge("sluice_usage_acknowledged", "Usage events acknowledged since the start");
  observe::Gauge& reporting = metrics.gauge("sluice_usage_connected", "1 while usage reports are being acknowledged");
  observe::Gauge& version = metrics.gauge("sluice_config_version", "Number of the config version in force");
  observe::Gauge& connected = metrics.gauge("sluice_config_connected", "1 while the config stream is open");
  observe::Gauge& age =
      metrics.gauge("sluice_config_confirmed_seconds", "Since the config was last said to be current");
  observe::Gauge& rejected = metrics.gauge("sluice_config_rejected", "Resources that this node refuses");
  metrics.before_text([&] {
    const usage::JournalStats stats = journal.stats();
    records.Set(static_cast<double>(stats.records));
    oldest.Set(std::chrono::duration<double>(stats.oldest).count());
    const usage::UploaderStats reports = uploader.stats();
    acknowledged.Set(static_cast<double>(reports.acknowledged));
    reporting.Set(reports.connected ? 1 : 0);
    const sync::Status status = sync.status();
    version.Set(static_cast<double>(status.number));
    connected.Set(status.connected ? 1 : 0);
    age.Set(std::chrono::duration<double>(status.since_confirmed).count());
    rejected.Set(static_cast<double>(status.rejected));
  });
}

}  // namespace sluice::bootstrap
