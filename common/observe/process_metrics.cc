#include "common/observe/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

namespace sluice::observe {

namespace {

double resident_bytes() {
  // The second number of /proc/self/statm counts resident pages.
  long total = 0;
  long resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  double count = -1;  // the iterator's own
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error))
    ++count;
  return count < 0 ? 0 : count;
}

double max_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void add_process_metrics(MetricsRegistry& registry, const std::string& program, const std::string& version,
                         SystemTime started) {
  registry
      .gauge("sluice_build_info", "Always 1; the labels tell what runs.", {{"program", program}, {"version", version}})
      .Set(1);
  registry.gauge("process_start_time_seconds", "When the process started, in Unix time.")
      .Set(static_cast<double>(started.time_since_epoch().count()) / 1e6);
  registry.gauge("process_max_fds", "The most file descriptors that may be open.").Set(max_descriptors());

  Gauge& resident = registry.gauge("process_resident_memory_bytes", "Memory in use.");
  Gauge& descriptors = registry.gauge("process_open_fds", "Open file descriptors.");
  Counter& cpu = registry.counter("process_cpu_seconds_total", "User and system CPU time spent.");
  registry.before_text([&resident, &descriptors, &cpu] {
    resident.Set(resident_bytes());
    descriptors.Set(open_descriptors());
    cpu.Increment(std::max(0.0, cpu_seconds() - cpu.Value()));
  });
}

}  // namespace sluice::observe
