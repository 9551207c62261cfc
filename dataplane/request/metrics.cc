#include "dataplane/request/metrics.h"

namespace sluice::request {

Metrics::Metrics(observe::MetricsRegistry& registry, int worker)
    : requests(registry.counter("sluice_requests_total", "Requests that passed authentication")),
      upstream_failures(registry.counter("sluice_upstream_failures_total", "Attempts without an answer's head")),
      journal_failures(registry.counter("sluice_journal_failures_total", "Journal writes that failed")),
      streams_cut(registry.counter("sluice_streams_cut_total", "Streams that did not reach their own end")),
      failovers(registry.counter("sluice_failovers_total", "Upstream calls after one that came to nothing")),
      local_replies(registry.counter("sluice_local_replies_total", "Answers given by an operator's rule")),
      open_requests(registry.gauge("sluice_open_requests", "Requests being served")),
      first_byte_seconds(registry.histogram("sluice_first_byte_seconds", "Arrival to the first byte relayed",
                                            {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
                                            {{"worker", std::to_string(worker)}})) {
  const char* classes[] = {"4xx", "429", "5xx"};
  for (std::size_t i = 0; i < refusals_.size(); ++i) {
    refusals_[i] = &registry.counter("sluice_refusals_total", "Answers that the gateway gave itself, by status class",
                                     {{"status", classes[i]}});
  }
}

void Metrics::refusal(unsigned status) {
  const std::size_t index = status == 429 ? 1 : (status >= 500 ? 2 : 0);
  refusals_[index]->Increment();
}

}  // namespace sluice::request
