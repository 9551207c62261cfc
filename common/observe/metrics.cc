#include "common/observe/metrics.h"

#include <prometheus/text_serializer.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace sluice::observe {

namespace {

// prometheus-cpp throws for names that Prometheus forbids: a fault in our code, found at the first start.
template <class Make>
auto& made(const std::string& name, Make make) {
  try {
    return make();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "metric %s: %s\n", name.c_str(), e.what());
    std::abort();
  }
}

}  // namespace

Counter& MetricsRegistry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return made(name, [&]() -> Counter& {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
  });
}

Gauge& MetricsRegistry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return made(
      name, [&]() -> Gauge& { return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels); });
}

Histogram& MetricsRegistry::histogram(const std::string& name, const std::string& help,
                                      const std::vector<double>& buckets, const Labels& labels) {
  return made(name, [&]() -> Histogram& {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(labels, buckets);
  });
}

void MetricsRegistry::before_text(std::function<void()> refresh) {
  const std::lock_guard lock(mutex_);
  refreshers_.push_back(std::move(refresh));
}

std::string MetricsRegistry::text() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& refresh : refreshers_)
      refresh();
  }
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace sluice::observe
