// What the request path counts. Made once per worker with all labels, so that counting is one addition.
#pragma once

#include <array>
#include <string>

#include "common/observe/metrics.h"

namespace sluice::request {

struct Metrics {
  // Metrics of all workers have the same names and labels and are therefore the same objects, except the histogram.
  Metrics(observe::MetricsRegistry& registry, int worker);

  void refusal(unsigned status);

  observe::Counter& requests;
  observe::Counter& upstream_failures;
  observe::Counter& journal_failures;
  observe::Counter& streams_cut;
  observe::Counter& failovers;
  observe::Counter& local_replies;
  observe::Gauge& open_requests;
  observe::Histogram& first_byte_seconds;

 private:
  std::array<observe::Counter*, 3> refusals_;  // 4xx, 429, 5xx
};

}  // namespace sluice::request
