#include "dataplane/sync/client.h"

#include "common/base/random.h"
#include "common/observe/log.h"
#include "dataplane/snapshot/tables.h"

namespace sluice::sync {

using observe::Level;

namespace {

constexpr std::size_t kMostReportsKept = 1'000;

}  // namespace

Client::Client(ClientOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      changed_at_(clock.steady()),
      confirmed_at_(clock.steady()),
      outbox_(kMostReportsKept),
      session_(options_.identity, options_.start != nullptr ? options_.start : snapshot::Snapshot::empty(),
               random_below) {
  if (!session_.current()->epoch().empty()) {
    for (snapshot::SnapshotHolder* holder : options_.holders)
      holder->post(session_.current());
  }
  note_status();
  thread_ = std::thread([this] { run(); });
}

Client::~Client() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Status Client::status() const {
  const std::lock_guard lock(mutex_);
  Status out = status_;
  const auto since = [&](SteadyTime then) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - then);
  };
  out.since_change = since(changed_at_);
  out.since_confirmed = since(confirmed_at_);
  return out;
}

std::uint32_t Client::live_nodes() const {
  const std::lock_guard lock(mutex_);
  return live_nodes_;
}

void Client::report_credential(config::v1::CredentialReport report) {
  config::v1::SubscribeRequest message;
  *message.mutable_credential_report() = std::move(report);
  tell(std::move(message));
}

void Client::report_health(config::v1::AccountHealth health) {
  config::v1::SubscribeRequest message;
  *message.mutable_account_health() = std::move(health);
  tell(std::move(message));
}

void Client::tell(config::v1::SubscribeRequest message) {
  outbox_.put(std::move(message));
  {
    const std::lock_guard lock(mutex_);
    told_ = true;
  }
  changed_.notify_all();
}

// What is handed to a stream that then breaks is lost: these reports are for people, and the next one tells as much.
void Client::send_outbox() {
  if (!session_.welcome() || stream_ == nullptr) return;
  for (config::v1::SubscribeRequest& message : outbox_.take())
    stream_->send(std::move(message));
}

void Client::answer(const config::v1::DecisionQuery& query) {
  if (stream_ == nullptr) return;
  config::v1::SubscribeRequest message;
  message.mutable_decision()->set_query_id(query.query_id());
  if (options_.find_decision) message.mutable_decision()->set_record(options_.find_decision(query.request_id()));
  stream_->send(std::move(message));
}

void Client::post(Event event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  changed_.notify_all();
}

void Client::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (events_.empty()) {
      told_ = false;
      lock.unlock();
      perform(session_.on_tick(clock_.steady(), options_.report ? options_.report() : Report{}));
      send_outbox();
      note_status();
      const SteadyTime until = session_.wake_at();
      lock.lock();
      const auto woken = [this] { return stopping_ || told_ || !events_.empty(); };
      if (until == SteadyTime::max()) {
        changed_.wait(lock, woken);
      } else {
        changed_.wait_for(lock, std::max(SteadyTime::duration::zero(), until - clock_.steady()), woken);
      }
      continue;
    }
    Event event = std::move(events_.front());
    events_.pop_front();
    lock.unlock();
    handle(std::move(event));
    note_status();
    lock.lock();
  }
  lock.unlock();
  if (stream_ != nullptr) stream_->cancel();
  lock.lock();
  changed_.wait(lock, [this] { return open_streams_ == 0; });
}

void Client::handle(Event event) {
  if (event.stream != stream_number_ || stream_ == nullptr) return;
  const SteadyTime now = clock_.steady();
  if (std::holds_alternative<Opened>(event.body)) {
    perform(session_.on_connected(now));
  } else if (auto* message = std::get_if<config::v1::SubscribeResponse>(&event.body)) {
    perform(session_.on_message(now, *message));
    stream_->read_next();
  } else if (auto* ended = std::get_if<Ended>(&event.body)) {
    observe::log(Level::kWarn, "config_stream_lost", {{"reason", ended->reason}});
    stream_.reset();
    perform(session_.on_lost(now));
  }
}

void Client::perform(Actions actions) {
  for (Action& action : actions) {
    if (std::holds_alternative<Dial>(action)) {
      dial();
    } else if (auto* send = std::get_if<Send>(&action)) {
      if (stream_ != nullptr) stream_->send(std::move(send->message));
    } else if (auto* hang = std::get_if<Hang>(&action)) {
      observe::log(Level::kWarn, "config_stream_given_up", {{"reason", hang->reason}});
      if (stream_ != nullptr) stream_->cancel();
    } else if (auto* next = std::get_if<Use>(&action)) {
      use(*next);
    } else if (auto* obey = std::get_if<Obey>(&action)) {
      if (options_.on_drain) options_.on_drain(obey->drain);
    } else if (auto* find = std::get_if<Find>(&action)) {
      answer(find->query);
    }
  }
}

void Client::dial() {
  const std::uint64_t number = ++stream_number_;
  {
    const std::lock_guard lock(mutex_);
    ++open_streams_;
  }
  stream_ = Stream::dial(
      options_.find_endpoint ? options_.find_endpoint() : options_.endpoint,
      {
          .on_open = [this, number] { post({number, Opened{}}); },
          .on_message = [this, number](config::v1::SubscribeResponse message) { post({number, std::move(message)}); },
          .on_done =
              [this, number](const grpc::Status& status, std::shared_ptr<Stream> stream) {
                const std::lock_guard lock(mutex_);
                events_.push_back({number, Ended{status.error_message(), std::move(stream)}});
                --open_streams_;
                // Under the lock: the client may be gone as soon as the lock is.
                changed_.notify_all();
              },
      });
}

void Client::use(const Use& use) {
  if (!use.confirmed) {
    observe::log(Level::kInfo, "config_applied",
                 {{"version", use.snapshot->version_number()},
                  {"resources", use.snapshot->size()},
                  {"rejected", use.snapshot->tables().rejected->size()}});
    for (snapshot::SnapshotHolder* holder : options_.holders)
      holder->post(use.snapshot);
    if (options_.on_change) options_.on_change(use.snapshot);
  }
  if (options_.disk != nullptr) options_.disk->offer(use.snapshot);
  const std::lock_guard lock(mutex_);
  confirmed_at_ = clock_.steady();
  if (!use.confirmed) changed_at_ = confirmed_at_;
}

void Client::note_status() {
  const snapshot::Snapshot& current = *session_.current();
  const std::lock_guard lock(mutex_);
  status_.has_config = !current.epoch().empty();
  status_.connected = session_.connected();
  status_.epoch = current.epoch();
  status_.number = current.version_number();
  status_.rejected = current.tables().rejected->size();
  status_.applied = session_.applied();
  status_.refused = session_.refused();
  live_nodes_ = session_.live_nodes();
}

}  // namespace sluice::sync
