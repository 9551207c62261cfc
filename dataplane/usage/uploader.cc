#include "dataplane/usage/uploader.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "common/base/backoff.h"
#include "common/observe/log.h"
#include "dataplane/usage/backlog.h"
#include "dataplane/usage/report_stream.h"

namespace sluice::usage {

namespace {

// Well below gRPC's limit for a message, which would refuse the same batch for ever.
constexpr std::size_t kBatchBytes = 1024 * 1024;

struct Batch {
  std::shared_ptr<v1::ReportRequest> request = std::make_shared<v1::ReportRequest>();
  std::vector<EventKey> keys;
  std::vector<EventKey> decisions;
  SteadyTime sent;
};

// What the batch's events cost each purse.
std::vector<AckedCost> costs_of(const v1::ReportRequest& request) {
  std::map<std::string_view, std::int64_t> sums;
  for (const v1::UsageEvent& event : request.events()) {
    for (const std::string& purse : event.purses())
      sums[purse] += event.cost_nano_usd();
  }
  std::vector<AckedCost> costs;
  costs.reserve(sums.size());
  for (const auto& [purse, cost] : sums)
    costs.push_back({.purse = std::string(purse), .cost_nano = cost});
  return costs;
}

std::vector<PurseBalance> balances_of(const v1::ReportResponse& answer) {
  std::vector<PurseBalance> balances;
  balances.reserve(static_cast<std::size_t>(answer.purses_size()));
  for (const v1::PurseState& purse : answer.purses())
    balances.push_back({.purse = purse.id(), .balance_nano = purse.balance_nano_usd(), .version = purse.version()});
  return balances;
}

}  // namespace

struct Uploader::Impl {
  Impl(Journal& the_journal, std::shared_ptr<grpc::Channel> the_channel, UploaderOptions the_options)
      : journal(the_journal),
        options(std::move(the_options)),
        channel(std::move(the_channel)),
        backlog(journal),
        backoff(options.backoff_base, options.backoff_cap) {}

  void run();
  void connect();
  void disconnect(std::string why);
  void take_answers();
  void acknowledge(const v1::ReportResponse& answer);
  void tell_money(const Batch& batch, const v1::ReportResponse& answer) const;
  void send(Batch& batch);
  void send_and_keep(Batch& batch);
  void add_decisions(Batch& batch);
  void send_next();
  [[nodiscard]] bool overdue() const;
  void wait(std::chrono::milliseconds limit);
  void wake();

  Journal& journal;
  const UploaderOptions options;

  // Of the uploader's thread.
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::UsageService::Stub> stub;
  Backlog backlog;
  std::deque<Batch> unacknowledged;
  std::uint64_t next_number = 1;
  Backoff backoff;
  bool interrupted = false;  // nothing acknowledged since the last stream broke
  std::unique_ptr<ReportStream> stream;

  mutable std::mutex mutex;
  std::condition_variable signal;
  bool signalled = false;
  bool stopping = false;
  UploaderStats stats;
  std::thread thread;
};

void Uploader::Impl::wake() {
  {
    const std::lock_guard lock(mutex);
    signalled = true;
  }
  signal.notify_one();
  journal.wake();
}

void Uploader::Impl::wait(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex);
  signal.wait_for(lock, limit, [this] { return signalled || stopping; });
  signalled = false;
}

void Uploader::Impl::connect() {
  if (options.open_channel) channel = options.open_channel();
  stub = v1::UsageService::NewStub(channel);
  // Our own back-off decides when to dial again, not the channel's.
  grpc::experimental::ChannelResetConnectionBackoff(channel.get());
  stream = std::make_unique<ReportStream>(*stub, options.node_token, [this] { wake(); });
  next_number = 1;
  for (Batch& batch : unacknowledged)
    send(batch);
}

void Uploader::Impl::send(Batch& batch) {
  batch.request->set_batch(next_number++);
  batch.sent = std::chrono::steady_clock::now();
  stream->send(batch.request);
}

void Uploader::Impl::disconnect(std::string why) {
  stream.reset();
  if (!interrupted) observe::log(observe::Level::kWarn, "usage_report_interrupted", {{"cause", why}});
  interrupted = true;
  const auto until = std::chrono::steady_clock::now() + backoff.next();
  std::unique_lock lock(mutex);
  stats.connected = false;
  ++stats.reconnects;
  stats.last_error = std::move(why);
  signal.wait_until(lock, until, [this] { return stopping; });
}

// Before the records leave the journal (uploader.h says why).
void Uploader::Impl::tell_money(const Batch& batch, const v1::ReportResponse& answer) const {
  if (!options.on_acknowledged) return;
  const std::vector<AckedCost> costs = costs_of(*batch.request);
  const std::vector<PurseBalance> balances = balances_of(answer);
  if (!costs.empty() || !balances.empty()) options.on_acknowledged(costs, balances);
}

void Uploader::Impl::acknowledge(const v1::ReportResponse& answer) {
  const auto batch =
      std::ranges::find_if(unacknowledged, [&](const Batch& sent) { return sent.request->batch() == answer.batch(); });
  if (batch == unacknowledged.end()) return;
  tell_money(*batch, answer);
  backlog.settle(batch->keys);
  journal.erase_decisions(batch->decisions);
  if (interrupted) observe::log(observe::Level::kInfo, "usage_report_resumed", {});
  interrupted = false;
  backoff.reset();
  const std::lock_guard lock(mutex);
  stats.connected = true;
  stats.last_error.clear();
  stats.acknowledged += batch->keys.size();
  stats.duplicates += answer.duplicates();
  stats.quarantined += answer.quarantined();
  stats.decisions += batch->decisions.size();
  unacknowledged.erase(batch);
  stats.in_flight = backlog.out();
}

void Uploader::Impl::take_answers() {
  const ReportStream::Events events = stream->take();
  for (const v1::ReportResponse& answer : events.answers)
    acknowledge(answer);
  if (events.over) {
    const grpc::Status status = stream->finish();
    disconnect(status.ok() ? "the control plane ended the stream" : status.error_message());
  } else if (overdue()) {
    disconnect("no acknowledgement in time");
  }
}

bool Uploader::Impl::overdue() const {
  return !unacknowledged.empty() &&
         std::chrono::steady_clock::now() - unacknowledged.front().sent > options.ack_timeout;
}

// Sends what is in the batch, if anything, and leaves it empty.
void Uploader::Impl::send_and_keep(Batch& batch) {
  if (batch.keys.empty() && batch.decisions.empty()) return;
  batch.request->set_node_id(options.node_id);
  send(batch);
  unacknowledged.push_back(std::move(batch));
  batch = Batch();
}

// A batch of its own if there are no events: refused requests make decisions and nothing else.
void Uploader::Impl::add_decisions(Batch& batch) {
  Journal::Decisions taken = journal.take_decisions(options.batch_decisions);
  for (v1::DecisionRecord& record : taken.records)
    batch.request->add_decisions()->Swap(&record);
  batch.decisions = std::move(taken.keys);
}

void Uploader::Impl::send_next() {
  Batch batch;
  std::size_t bytes = 0;
  v1::JournalRecord record;
  for (const FinishedRecord& finished : backlog.next(options.batch_events, options.batch_wait)) {
    if (!record.ParseFromString(finished.record)) {
      // Stays in the journal, for a person; it is not given out again.
      observe::log(observe::Level::kError, "journal_unreadable_record", {});
      continue;
    }
    if (finished.record.size() > kBatchBytes) record.mutable_event()->clear_raw_usage();
    if (bytes + finished.record.size() > kBatchBytes) {
      send_and_keep(batch);
      bytes = 0;
    }
    bytes += finished.record.size();
    batch.request->add_events()->Swap(record.mutable_event());
    batch.keys.push_back(finished.key);
  }
  add_decisions(batch);
  send_and_keep(batch);
  const std::lock_guard lock(mutex);
  stats.in_flight = backlog.out();
}

void Uploader::Impl::run() {
  const auto stopped = [this] {
    const std::lock_guard lock(mutex);
    return stopping;
  };
  while (!stopped()) {
    if (stream == nullptr) connect();
    take_answers();
    if (stream == nullptr) continue;
    if (unacknowledged.size() < options.batches_in_flight) {
      send_next();
    } else {
      wait(options.batch_wait);
    }
  }
  stream.reset();
}

Uploader::Uploader(Journal& journal, std::shared_ptr<grpc::Channel> channel, UploaderOptions options)
    : impl_(std::make_unique<Impl>(journal, std::move(channel), std::move(options))) {
  impl_->thread = std::thread([raw = impl_.get()] { raw->run(); });
}

Uploader::~Uploader() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake();
  impl_->thread.join();
}

bool Uploader::flush(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (impl_->journal.stats().finished != 0) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

UploaderStats Uploader::stats() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->stats;
}

}  // namespace sluice::usage
