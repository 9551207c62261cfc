#include "dataplane/pick/health_share.h"

#include "common/observe/log.h"
#include "dataplane/pick/health_scripts.h"
#include "dataplane/pick/health_text.h"

namespace sluice::pick {

namespace {

// All keys of a fleet share a hash tag (dataplane/limit/key_names.h).
constexpr const char* kKey = "sluice:2:{f}:health";
constexpr const char* kChannel = "sluice:2:health";
constexpr std::size_t kBlocksPerCall = 256;
// The control plane's clock may be behind this node's.
constexpr std::chrono::minutes kEndedAgo{1};

std::string field_of(std::string_view account_id, std::string_view model) {
  return std::string(account_id).append("|").append(model);
}

std::int64_t in_ms(SystemTime time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string refusal() {
  return std::to_string(static_cast<int>(config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED));
}

}  // namespace

HealthShare::HealthShare(io::Worker& worker, redis::Client& redis, redis::Subscriber& subscriber, Report report,
                         std::chrono::milliseconds tidy_every)
    : worker_(worker), redis_(redis), report_(std::move(report)), tidy_every_(tidy_every) {
  for (const redis::Script* script : {&tell_blocks_script(), &tell_end_script(), &live_blocks_script()})
    redis.add_script(*script);
  subscriber.subscribe(kChannel, [this](std::string_view message) { hear(message); });
  redis.on_up([this] { catch_up(); });
  subscriber.on_up([this] { catch_up(); });
}

// What this worker has not been able to say, and what was said while it did not hear. Also when it hears again: an
// answer to what it has said may be an end, which is in no hash.
void HealthShare::catch_up() {
  tell_all();
  worker_.spawn_background(load(this));
}

void HealthShare::hear(std::string_view text) {
  if (const auto news = news_from(text)) {
    if (!has_ended(*news)) (void)health_.merge(*news, worker_.clock().now());
  } else if (const auto end = end_from(text)) {
    forget_own(*end);
    health_.merge(*end);
    // Its own come back to it.
    Ended& known = ended_[field_of(end->account_id, end->model)];
    if (in_ms(known.end.until) != in_ms(end->until)) known = {.end = *end};
  }
  tidy();
}

bool HealthShare::observe(const Observation& seen) {
  const SystemTime now = worker_.clock().now();
  const Lesson lesson = health_.observe(seen, now);
  for (const HealthEnd& end : lesson.ended)
    note(end, now);
  if (lesson.blocked) note(*lesson.blocked, now);
  tidy();
  return lesson.by_rule;
}

void HealthShare::note(const HealthNews& news, SystemTime now) {
  observe::log(observe::Level::kWarn, "account_blocked",
               {{"account_id", news.account_id},
                {"model", news.model},
                {"reason", config::v1::AccountHealthReason_Name(news.block.reason)},
                {"status", news.status},
                {"seconds", std::chrono::duration_cast<std::chrono::seconds>(news.block.until - now).count()}});
  const std::string field = field_of(news.account_id, news.model);
  own_.insert_or_assign(field, news);
  worker_.spawn_background(tell_blocks(this, {field, to_text(news)}));
  if (report_) report_(news);
}

void HealthShare::note(const HealthEnd& end, SystemTime now) {
  observe::log(observe::Level::kInfo, "account_recovered",
               {{"account_id", end.account_id},
                {"model", end.model},
                {"reason", config::v1::AccountHealthReason_Name(end.reason)}});
  forget_own(end);
  const std::string field = field_of(end.account_id, end.model);
  ended_.insert_or_assign(field, Ended{.end = end, .own = true});
  worker_.spawn_background(tell_end(this, field, end));
  if (!report_) return;
  report_({.account_id = end.account_id,
           .model = end.model,
           .block = {.until = now - kEndedAgo, .soft = true, .reason = end.reason},
           .credential_revision = end.credential_revision});
}

// The same that Health::merge does of it.
void HealthShare::forget_own(const HealthEnd& end) {
  const auto found = own_.find(field_of(end.account_id, end.model));
  if (found == own_.end()) return;
  const HealthNews& news = found->second;
  const bool newer_credential = news.block.reason == config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED &&
                                news.credential_revision > end.credential_revision;
  if (news.block.soft && news.block.until <= end.until && !newer_credential) own_.erase(found);
}

// Whoever saw a block and has not heard of its end tells it again when Redis is back; and the answer to load() may be
// older than an end that was heard meanwhile.
bool HealthShare::has_ended(const HealthNews& news) {
  const auto found = ended_.find(field_of(news.account_id, news.model));
  if (found == ended_.end()) return false;
  const HealthEnd& end = found->second.end;
  if (!news.block.soft || in_ms(news.block.until) != in_ms(end.until)) return false;
  if (found->second.own) worker_.spawn_background(tell_end(this, found->first, end));
  return true;
}

// Ends first: they may be of the blocks that follow.
void HealthShare::tell_all() {
  const SystemTime now = worker_.clock().now();
  for (auto& [field, own] : ended_) {
    if (std::exchange(own.told, true)) continue;
    worker_.spawn_background(tell_end(this, field, own.end));
  }
  Arguments blocks;
  for (const auto& [field, news] : own_) {
    if (news.block.until <= now) continue;
    blocks.push_back(field);
    blocks.push_back(to_text(news));
    if (blocks.size() == 2 * kBlocksPerCall) {
      worker_.spawn_background(tell_blocks(this, std::exchange(blocks, {})));
    }
  }
  if (!blocks.empty()) worker_.spawn_background(tell_blocks(this, std::move(blocks)));
}

void HealthShare::tidy() {
  const SteadyTime steady = worker_.clock().steady();
  if (steady < next_tidy_) return;
  next_tidy_ = steady + tidy_every_;
  const SystemTime now = worker_.clock().now();
  health_.sweep(now);
  std::erase_if(own_, [&](const auto& entry) { return entry.second.block.until <= now; });
  std::erase_if(ended_, [&](const auto& entry) { return entry.second.end.until <= now; });
  tell_all();
}

// What could not be told is told by tell_all(), once Redis is back.
io::Task<> HealthShare::tell_blocks(HealthShare* self, Arguments blocks) {
  Arguments arguments = {kChannel, refusal()};
  arguments.insert(arguments.end(), std::make_move_iterator(blocks.begin()), std::make_move_iterator(blocks.end()));
  const Result<redis::Reply> outweighed =
      co_await self->redis_.eval(tell_blocks_script(), {kKey}, std::move(arguments));
  if (!outweighed || outweighed->list() == nullptr) co_return;
  for (const redis::Reply& text : *outweighed->list())
    if (text.text() != nullptr) self->hear(*text.text());
}

io::Task<> HealthShare::tell_end(HealthShare* self, std::string field, HealthEnd end) {
  const Result<redis::Reply> told =
      co_await self->redis_.eval(tell_end_script(), {kKey},
                                 {kChannel, refusal(), field, to_text(end), std::to_string(in_ms(end.until)),
                                  std::to_string(end.credential_revision)});
  const auto found = self->ended_.find(field);
  if (!told && found != self->ended_.end()) found->second.told = false;
}

// What was seen while this worker was not there.
io::Task<> HealthShare::load(HealthShare* self) {
  const Result<redis::Reply> live = co_await self->redis_.eval(live_blocks_script(), {kKey}, {});
  if (!live || live->list() == nullptr) co_return;
  for (const redis::Reply& text : *live->list())
    if (text.text() != nullptr) self->hear(*text.text());
}

}  // namespace sluice::pick
