#include "dataplane/sync/session.h"

#include <fmt/format.h>

#include <utility>

#include "dataplane/snapshot/tables.h"

namespace sluice::sync {

using config::v1::SubscribeRequest;
using config::v1::Version;
using snapshot::Builder;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kDialLimit{15'000};
constexpr int kStrangeBeats = 3;
// Enough for a person, small enough for a message.
constexpr int kMostRejectionsNamed = 1'000;
constexpr int kMissedBeats = 3;
constexpr milliseconds kShortestBeat{100}, kLongestBeat{60'000};
constexpr milliseconds kLongestSpread{600'000};

bool same(const Version& a, const Version& b) {
  return a.epoch() == b.epoch() && a.number() == b.number() && a.digest() == b.digest();
}

}  // namespace

Session::Session(Identity identity, std::shared_ptr<const snapshot::Snapshot> start, Random random)
    : identity_(std::move(identity)), random_(random), backoff_(std::move(random)), current_(std::move(start)) {}

Version Session::have() const {
  Version version;
  version.set_epoch(std::string(current_->epoch()));
  version.set_number(current_->version_number());
  version.set_digest(std::string(current_->digest()));
  return version;
}

void Session::list_rejected(google::protobuf::RepeatedPtrField<config::v1::Rejection>& out) const {
  for (const auto& [key, rejected] : *current_->tables().rejected) {
    if (out.size() == kMostRejectionsNamed) return;
    config::v1::Rejection& note = *out.Add();
    note.set_kind(key.first);
    note.set_id(key.second);
    note.set_revision(rejected.resource.revision());
    note.set_reason(rejected.reason);
  }
}

Actions Session::on_connected(SteadyTime now) {
  phase_ = Phase::kOpen;
  heard_at_ = now;
  last_nonce_ = 0;
  asked_ = false;
  strange_beats_ = 0;
  incoming_.reset();
  schedule_beat(now);
  SubscribeRequest message;
  config::v1::Hello& hello = *message.mutable_hello();
  hello.set_node_id(identity_.node_id);
  hello.set_boot_id(identity_.boot_id);
  hello.set_build(identity_.build);
  hello.set_wire_revision(kWireRevision);
  hello.mutable_features()->Add(identity_.features.begin(), identity_.features.end());
  if (!current_->epoch().empty()) *hello.mutable_have() = have();
  list_rejected(*hello.mutable_rejected());
  return {Send{std::move(message)}};
}

Actions Session::on_message(SteadyTime now, const config::v1::SubscribeResponse& message) {
  Actions out;
  if (phase_ != Phase::kOpen) return out;
  heard_at_ = now;
  if (message.nonce() != last_nonce_ + 1) {
    hang(fmt::format("message {} came after message {}", message.nonce(), last_nonce_), out);
    return out;
  }
  last_nonce_ = message.nonce();
  switch (message.body_case()) {
    case config::v1::SubscribeResponse::kWelcome:
      on_welcome(now, message.welcome());
      break;
    case config::v1::SubscribeResponse::kSnapshot:
      on_part(now, message.nonce(), message.snapshot(), out);
      break;
    case config::v1::SubscribeResponse::kDelta:
      on_delta(now, message.nonce(), message.delta(), out);
      break;
    case config::v1::SubscribeResponse::kHeartbeat:
      on_heartbeat(now, message.heartbeat(), out);
      break;
    case config::v1::SubscribeResponse::kCommand:
      // It says at once how it goes.
      if (message.command().drain() || message.command().undrain()) beat_at_ = now;
      if (message.command().drain()) out.push_back(Obey{.drain = true});
      if (message.command().undrain()) out.push_back(Obey{.drain = false});
      if (message.command().has_decision()) out.push_back(Find{message.command().decision()});
      break;
    default:
      break;  // a newer control plane; it will notice that nothing is acknowledged
  }
  return out;
}

void Session::on_welcome(SteadyTime now, const config::v1::Welcome& welcome) {
  live_nodes_ = std::max(1U, welcome.live_nodes());
  if (welcome.heartbeat_ms() != 0) {
    const milliseconds wanted = std::clamp(milliseconds(welcome.heartbeat_ms()), kShortestBeat, kLongestBeat);
    // The first beat was planned without knowing how soon it is expected.
    if (std::exchange(heartbeat_, wanted) != wanted) schedule_beat(now);
  }
  spread_ = std::min(milliseconds(welcome.reconnect_spread_ms()), kLongestSpread);
}

void Session::on_part(SteadyTime now, std::uint64_t nonce, const config::v1::SnapshotPart& part, Actions& out) {
  if (incoming_ == nullptr) incoming_ = std::make_unique<Builder>(current_, Builder::Base::kEmpty);
  if (Result<> applied = incoming_->apply(part.resources()); !applied) {
    ++refused_;
    return hang("a snapshot cannot be used: " + applied.error().message, out);
  }
  if (!part.last()) return;
  const std::unique_ptr<Builder> whole = std::move(incoming_);
  asked_ = false;
  // Asking for the same again at once could go on for ever; a new stream comes with back-off.
  if (!finish(now, nonce, *whole, part.target(), out)) hang("a snapshot has not the digest it should have", out);
}

void Session::on_delta(SteadyTime now, std::uint64_t nonce, const config::v1::Delta& delta, Actions& out) {
  if (asked_) return;  // sent before the control plane read the request; the snapshot comes after it
  incoming_.reset();
  if (!same(delta.from(), have())) return ask_for_snapshot(nonce, out);
  Builder next(current_, Builder::Base::kCurrent);
  if (Result<> applied = next.apply(delta.resources()); !applied) {
    ++refused_;
    return ask_for_snapshot(nonce, out);
  }
  if (!finish(now, nonce, next, delta.to(), out)) ask_for_snapshot(nonce, out);
}

bool Session::finish(SteadyTime now, std::uint64_t nonce, Builder& builder, const Version& target, Actions& out) {
  Result<std::shared_ptr<const snapshot::Snapshot>> next = builder.finish(target);
  if (!next) {
    ++refused_;
    return false;
  }
  current_ = std::move(*next);
  ++applied_;
  strange_beats_ = 0;
  became_good(now);
  out.push_back(Use{.snapshot = current_});
  SubscribeRequest message;
  config::v1::Ack& ack = *message.mutable_ack();
  ack.set_nonce(nonce);
  *ack.mutable_have() = have();
  list_rejected(*ack.mutable_rejected());
  out.push_back(Send{std::move(message)});
  return true;
}

void Session::on_heartbeat(SteadyTime now, const config::v1::Heartbeat& beat, Actions& out) {
  live_nodes_ = std::max(1U, beat.live_nodes());
  const Version mine = have();
  if (same(beat.current(), mine)) {
    strange_beats_ = 0;
    became_good(now);
    out.push_back(Use{.snapshot = current_, .confirmed = true});
    return;
  }
  const bool same_number = beat.current().epoch() == mine.epoch() && beat.current().number() == mine.number();
  // Another number may be on its way; the same number with another digest is a fault at once.
  if (same_number || ++strange_beats_ >= kStrangeBeats) ask_for_snapshot(0, out);
}

void Session::ask_for_snapshot(std::uint64_t nonce, Actions& out) {
  if (asked_) return;
  asked_ = true;
  strange_beats_ = 0;
  incoming_.reset();
  SubscribeRequest message;
  message.mutable_ack()->set_nonce(nonce);
  message.mutable_ack()->set_need_snapshot(true);
  *message.mutable_ack()->mutable_have() = have();
  out.push_back(Send{std::move(message)});
}

void Session::became_good(SteadyTime now) {
  if (!good_since_) good_since_ = now;
}

void Session::hang(std::string reason, Actions& out) {
  phase_ = Phase::kHanging;
  out.push_back(Hang{std::move(reason)});
}

Actions Session::on_lost(SteadyTime now) {
  const milliseconds wait =
      good_since_ ? backoff_.after_good_stream(std::chrono::duration_cast<milliseconds>(now - *good_since_), spread_)
                  : backoff_.after_failure();
  good_since_.reset();
  incoming_.reset();
  phase_ = Phase::kWaiting;
  dial_at_ = now + wait;
  return {};
}

Actions Session::on_tick(SteadyTime now, const Report& report) {
  Actions out;
  if (phase_ == Phase::kWaiting && now >= dial_at_) {
    phase_ = Phase::kDialing;
    dial_at_ = now + kDialLimit;
    out.push_back(Dial{});
    return out;
  }
  if (phase_ == Phase::kDialing && now >= dial_at_) hang("the control plane did not answer", out);
  if (phase_ != Phase::kOpen) return out;
  if (now - heard_at_ >= heartbeat_ * kMissedBeats * 6 / 5) {
    hang("the control plane has been silent for three heartbeats", out);
    return out;
  }
  if (now < beat_at_) return out;
  schedule_beat(now);
  SubscribeRequest message;
  config::v1::NodeStatus& status = *message.mutable_status();
  *status.mutable_have() = have();
  status.set_ready(report.ready);
  status.set_draining(report.draining);
  status.set_open_streams(report.open_streams);
  status.set_journal_records(report.journal_records);
  status.set_journal_oldest_ms(report.journal_oldest_ms);
  for (const AccountLoad& load : report.account_slots) {
    config::v1::AccountSlots& slots = *status.add_account_slots();
    slots.set_account_id(load.account_id);
    slots.set_held(load.held);
    slots.set_waiting(load.waiting);
  }
  out.push_back(Send{std::move(message)});
  return out;
}

void Session::schedule_beat(SteadyTime now) {
  const auto spread = static_cast<std::uint64_t>(heartbeat_.count()) * 2 / 5;
  beat_at_ = now + heartbeat_ * 4 / 5 + milliseconds(random_(spread + 1));
}

SteadyTime Session::wake_at() const {
  switch (phase_) {
    case Phase::kWaiting:
    case Phase::kDialing:
      return dial_at_;
    case Phase::kOpen:
      return std::min(beat_at_, heard_at_ + heartbeat_ * kMissedBeats * 6 / 5);
    default:
      return SteadyTime::max();
  }
}

}  // namespace sluice::sync
