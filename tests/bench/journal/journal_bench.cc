// How long an I/O thread spends in the journal: INTENT and FINAL at 1 and 2 writer threads, while records are erased
// and synced as on a node. Below it, the same bytes through one plain write(2), and through LevelDB with its own sync
// writes.
//   bench_journal [folder] [seconds]
#include <fcntl.h>
#include <fmt/format.h>
#include <leveldb/db.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "common/base/uuid.h"
#include "dataplane/usage/journal.h"
#include "dataplane/usage/journal_record.h"

namespace {

using namespace sluice;
using Micros = std::chrono::duration<double, std::micro>;

// One request in this many microseconds and thread: 10,000 requests a second on each.
constexpr std::chrono::microseconds kPace{100};

usage::v1::UsageEvent sample_event() {
  usage::v1::UsageEvent event;
  const std::string id = Uuid::generate(RealClock().now()).to_string();
  for (auto* field : {event.mutable_user_id(), event.mutable_api_key_id(), event.mutable_group_id(),
                      event.mutable_account_id(), event.mutable_price_id()}) {
    *field = id;
  }
  event.set_protocol("anthropic");
  event.set_requested_model("claude-sonnet-4-5-20250929");
  event.set_served_model("claude-sonnet-4-5-20250929");
  event.set_raw_usage(std::string(180, 'u'));
  return event;
}

void report(std::string_view name, std::size_t threads, std::vector<double>& micros) {
  std::ranges::sort(micros);
  const auto at = [&](double share) {
    return micros[std::min(micros.size() - 1, static_cast<std::size_t>(share * static_cast<double>(micros.size())))];
  };
  fmt::print("{:<34} threads {}  calls {:>7}  p50 {:>6.2f}  p99 {:>8.2f}  p99.9 {:>8.2f}  max {:>8.0f} us\n", name,
             threads, micros.size(), at(0.5), at(0.99), at(0.999), micros.back());
}

// Calls `work(thread)` at the pace until the time is over; work adds its timings to the given vector.
template <class Work>
void run(std::string_view name, std::size_t threads, std::chrono::seconds length, Work work) {
  std::vector<std::vector<double>> micros(threads);
  std::vector<std::thread> running;
  const auto end = std::chrono::steady_clock::now() + length;
  for (std::size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (auto next = std::chrono::steady_clock::now(); next < end; next += kPace) {
        std::this_thread::sleep_until(next);
        work(micros[t]);
      }
    });
  }
  for (std::thread& thread : running)
    thread.join();
  std::vector<double> all;
  for (const auto& part : micros)
    all.insert(all.end(), part.begin(), part.end());
  report(name, threads, all);
}

template <class Call>
void timed(std::vector<double>& micros, Call call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  micros.push_back(Micros(std::chrono::steady_clock::now() - begin).count());
}

void bench_journal(const std::string& path, std::size_t threads, std::chrono::seconds length) {
  const RealClock clock;
  auto journal = usage::Journal::open(path, clock);
  if (!journal) {
    fmt::print(stderr, "{}\n", journal.error().message);
    std::exit(1);
  }
  std::atomic<bool> stop{false};
  std::thread eraser([&] {
    while (!stop) {
      std::vector<usage::EventKey> keys;
      for (const auto& record : (*journal)->take_finished(500, std::chrono::milliseconds(100)))
        keys.push_back(record.key);
      static_cast<void>((*journal)->erase(keys));
    }
  });
  run("journal, intent and final", threads, length, [&](std::vector<double>& micros) {
    thread_local usage::v1::UsageEvent event = sample_event();
    event.set_event_id(Uuid::generate(clock.now()).to_string());
    timed(micros, [&] { static_cast<void>((*journal)->intent(event)); });
    timed(micros, [&] { static_cast<void>((*journal)->final(event)); });
  });
  stop = true;
  (*journal)->wake();
  eraser.join();
}

template <class Sync>
void every_50ms(std::atomic<bool>& stop, Sync sync) {
  while (!stop) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    sync();
  }
}

std::string sample_record() {
  std::string record;
  usage::encode_record(usage::v1::JournalRecord::STAGE_INTENT, sample_event(), record);
  return record;
}

void bench_plain_write(const std::string& path, std::size_t threads, std::chrono::seconds length) {
  std::filesystem::create_directories(path);
  const int fd = ::open((path + "/segment").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  const std::string record = sample_record();
  std::atomic<bool> stop{false};
  std::thread syncer([&] { every_50ms(stop, [&] { static_cast<void>(::fdatasync(fd)); }); });
  run("one plain write(2)", threads, length, [&](std::vector<double>& micros) {
    timed(micros, [&] {
      if (::write(fd, record.data(), record.size()) < 0) std::abort();
    });
  });
  stop = true;
  syncer.join();
  ::close(fd);
}

void bench_leveldb_sync(const std::string& path, std::size_t threads, std::chrono::seconds length) {
  leveldb::Options options;
  options.create_if_missing = true;
  options.compression = leveldb::kNoCompression;
  options.write_buffer_size = 16 * 1024 * 1024;
  leveldb::DB* raw = nullptr;
  if (!leveldb::DB::Open(options, path, &raw).ok()) std::abort();
  const std::unique_ptr<leveldb::DB> db(raw);
  const std::string record = sample_record();
  std::atomic<bool> stop{false};
  leveldb::WriteOptions durable;
  durable.sync = true;
  std::thread syncer([&] { every_50ms(stop, [&] { static_cast<void>(db->Put(durable, "sync", "")); }); });
  run("LevelDB synced by its own writes", threads, length, [&](std::vector<double>& micros) {
    const Uuid id = Uuid::generate(RealClock().now());
    const leveldb::Slice key(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size());
    timed(micros, [&] { static_cast<void>(db->Put({}, key, record)); });
  });
  stop = true;
  syncer.join();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "bench_journal.tmp";
  const std::chrono::seconds length(argc > 2 ? std::atoi(argv[2]) : 5);
  for (const std::size_t threads : {1UZ, 2UZ}) {
    bench_journal(folder + "/journal" + std::to_string(threads), threads, length);
    bench_plain_write(folder + "/plain" + std::to_string(threads), threads, length);
    bench_leveldb_sync(folder + "/leveldb" + std::to_string(threads), threads, length);
  }
  std::filesystem::remove_all(folder);
  return 0;
}
