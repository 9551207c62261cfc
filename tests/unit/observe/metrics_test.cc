#include "common/observe/metrics.h"

#include <catch2/catch.hpp>

#include "common/observe/process_metrics.h"

namespace sluice::observe {
namespace {

using Catch::Contains;

TEST_CASE("metrics appear in the text with help, type and labels") {
  MetricsRegistry registry;
  registry.counter("sluice_test_total", "Counts.", {{"worker", "0"}}).Increment();
  registry.counter("sluice_test_total", "Counts.", {{"worker", "1"}}).Increment(2);
  registry.gauge("sluice_level", "Measures.").Set(-1.5);
  Histogram& times = registry.histogram("sluice_time_seconds", "Times.", {0.1, 1});
  times.Observe(0.05);
  times.Observe(5);

  const std::string text = registry.text();
  CHECK_THAT(text, Contains("# HELP sluice_test_total Counts.\n# TYPE sluice_test_total counter\n"));
  CHECK_THAT(text, Contains("sluice_test_total{worker=\"0\"} 1\n"));
  CHECK_THAT(text, Contains("sluice_test_total{worker=\"1\"} 2\n"));
  CHECK_THAT(text, Contains("sluice_level -1.5\n"));
  CHECK_THAT(text, Contains("sluice_time_seconds_bucket{le=\"0.1\"} 1\n"));
  CHECK_THAT(text, Contains("sluice_time_seconds_bucket{le=\"+Inf\"} 2\n"));
  CHECK_THAT(text, Contains("sluice_time_seconds_count 2\n"));
}

TEST_CASE("the same name and labels give the same metric") {
  MetricsRegistry registry;
  Counter& one = registry.counter("sluice_same_total", "Counts.", {{"a", "b"}});
  Counter& two = registry.counter("sluice_same_total", "Counts.", {{"a", "b"}});
  CHECK(&one == &two);
}

TEST_CASE("label values are escaped") {
  MetricsRegistry registry;
  registry.counter("sluice_odd_total", "Counts.", {{"a", "x\"\n\\y"}}).Increment();
  CHECK_THAT(registry.text(), Contains("sluice_odd_total{a=\"x\\\"\\n\\\\y\"} 1\n"));
}

TEST_CASE("a process reports itself") {
  MetricsRegistry registry;
  add_process_metrics(registry, "sluice-test", "1.2.3", SystemTime(std::chrono::seconds(1'700'000'000)));
  const std::string text = registry.text();
  CHECK_THAT(text, Contains("sluice_build_info{program=\"sluice-test\",version=\"1.2.3\"} 1\n"));
  CHECK_THAT(text, Contains("process_start_time_seconds 1700000000\n"));
  CHECK(registry.gauge("process_resident_memory_bytes", "Memory in use.").Value() > 100'000);
  CHECK(registry.gauge("process_open_fds", "Open file descriptors.").Value() >= 3);
  CHECK_THAT(text, Contains("process_cpu_seconds_total"));
}

}  // namespace
}  // namespace sluice::observe
