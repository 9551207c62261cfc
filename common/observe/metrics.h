// Prometheus metrics of the process. Metrics are made at start, with all their labels, and kept as references: counting
// on the request path is one atomic addition and no look-up. Making and reading: any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::observe {

using Counter = prometheus::Counter;      // Increment(), Increment(double)
using Gauge = prometheus::Gauge;          // Set(double), Increment(), Decrement()
using Histogram = prometheus::Histogram;  // Observe(double); takes a short lock: one per worker
using Labels = std::map<std::string, std::string>;

class MetricsRegistry {
 public:
  // Names as Prometheus wants them: "sluice_..._total" for counters, base units ("_seconds", "_bytes"). The same name
  // and labels give the same metric; one name has one type. A name or label that Prometheus forbids aborts.
  // References live as long as the registry.
  [[nodiscard]] Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  [[nodiscard]] Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // `buckets` are rising upper bounds.
  [[nodiscard]] Histogram& histogram(const std::string& name, const std::string& help,
                                     const std::vector<double>& buckets, const Labels& labels = {});

  // Runs before every text(), on its caller's thread: for gauges that are read, not counted.
  void before_text(std::function<void()> refresh);

  // All metrics in the text format 0.0.4.
  [[nodiscard]] std::string text();

 private:
  prometheus::Registry registry_;
  std::mutex mutex_;
  std::vector<std::function<void()>> refreshers_;
};

}  // namespace sluice::observe
