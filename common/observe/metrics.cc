#include "common/observe/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace sluice::observe {

MetricsRegistry::MetricsRegistry(const std::string& program)
    : registry_(std::make_shared<prometheus::Registry>()),
      resident_bytes_(&gauge("process_resident_memory_bytes", "Resident memory")),
      open_files_(&gauge("process_open_fds", "Open file descriptors")) {
  gauge("sluice_build_info", "Always 1; the labels say what runs", {{"program", program}, {"version", SLUICE_VERSION}})
      .Set(1);
  gauge("process_start_time_seconds", "Start of the process, Unix time")
      .Set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
}

MetricsRegistry::~MetricsRegistry() = default;

prometheus::Counter& MetricsRegistry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add(labels);
}

prometheus::Gauge& MetricsRegistry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add(labels);
}

prometheus::Histogram& MetricsRegistry::histogram(const std::string& name, const std::string& help,
                                                  const std::vector<double>& buckets, const Labels& labels) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(*registry_).Add(labels, buckets);
}

void MetricsRegistry::read_process() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  statm >> pages >> resident;
  resident_bytes_->Set(resident * static_cast<double>(sysconf(_SC_PAGESIZE)));
  std::error_code error;
  double files = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error); !error && it != end(it);
       it.increment(error)) {
    ++files;
  }
  open_files_->Set(files);
}

std::string MetricsRegistry::text() {
  read_process();
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace sluice::observe
