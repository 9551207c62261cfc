#include "dataplane/pick/health_share.h"

#include "common/observe/log.h"
#include "dataplane/pick/health_text.h"

namespace sluice::pick {

namespace {

// All keys of a fleet share a hash tag (dataplane/limit/key_names.h).
constexpr const char* kKey = "sluice:2:{f}:health";
constexpr const char* kChannel = "sluice:2:health";
constexpr unsigned kSweepEvery = 1024;  // observations of failures

}  // namespace

HealthShare::HealthShare(io::Worker& worker, redis::Client& redis, redis::Subscriber& subscriber, Report report)
    : worker_(worker), redis_(redis), report_(std::move(report)) {
  subscriber.subscribe(kChannel, [this](std::string_view message) { merge(message); });
  redis.on_up([this] { worker_.spawn_background(load(this)); });
  // What was said while this worker did not hear.
  subscriber.on_up([this] { worker_.spawn_background(load(this)); });
}

void HealthShare::merge(std::string_view text) {
  if (const auto news = news_from(text)) (void)health_.merge(*news, worker_.clock().now());
}

void HealthShare::observe(const Observation& seen) {
  const SystemTime now = worker_.clock().now();
  const std::optional<HealthNews> news = health_.observe(seen, now);
  if (!news) return;
  if (++until_sweep_ >= kSweepEvery) {
    until_sweep_ = 0;
    health_.sweep(now);
  }
  observe::log(observe::Level::kWarn, "account_blocked",
               {{"account_id", news->account_id},
                {"model", news->model},
                {"reason", config::v1::AccountHealthReason_Name(news->block.reason)},
                {"status", news->status},
                {"seconds", std::chrono::duration_cast<std::chrono::seconds>(news->block.until - now).count()}});
  const std::string text = to_text(*news);
  const std::string field = news->account_id + "|" + news->model;
  (void)redis_.fire({"HSET", kKey, field, text});
  (void)redis_.fire({"PUBLISH", kChannel, text});
  if (report_) report_(*news);
}

// What was seen while this worker was not there; what has passed is removed by whoever comes across it.
io::Task<> HealthShare::load(HealthShare* self) {
  const Result<redis::Reply> reply = co_await self->redis_.command({"HGETALL", kKey});
  if (!reply || reply->list() == nullptr) co_return;
  const SystemTime now = self->worker_.clock().now();
  const redis::Reply::List& list = *reply->list();
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
    const std::string* field = list[i].text();
    const std::string* text = list[i + 1].text();
    if (field == nullptr || text == nullptr) continue;
    const auto news = news_from(*text);
    if (news && news->block.until > now) {
      (void)self->health_.merge(*news, now);
    } else {
      (void)self->redis_.fire({"HDEL", kKey, *field});
    }
  }
}

}  // namespace sluice::pick
