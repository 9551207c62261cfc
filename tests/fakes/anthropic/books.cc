#include "tests/fakes/anthropic/books.h"

#include <boost/json.hpp>
#include <chrono>

namespace sluice::fakes {

namespace json = boost::json;

namespace {

json::object usage_object(const Usage& usage) {
  return {{"input_tokens", usage.input},
          {"output_tokens", usage.output},
          {"thinking_tokens", usage.thinking},
          {"cache_read_input_tokens", usage.cache_read},
          {"cache_creation_5m_tokens", usage.cache_5m},
          {"cache_creation_1h_tokens", usage.cache_1h},
          {"web_search_requests", usage.searches}};
}

void add(Usage& sum, const Usage& usage) {
  sum.input += usage.input;
  sum.output += usage.output;
  sum.thinking += usage.thinking;
  sum.cache_read += usage.cache_read;
  sum.cache_5m += usage.cache_5m;
  sum.cache_1h += usage.cache_1h;
  sum.searches += usage.searches;
}

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string log_entry(std::uint64_t number, const HttpRequest& request, const Script& script) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  json::array headers;
  for (const auto& [name, value] : request.headers)
    headers.push_back({view(name), view(value)});
  json::object entry{{"number", number},
                     {"unixMs", std::chrono::duration_cast<std::chrono::milliseconds>(now).count()},
                     {"method", view(request.method)},
                     {"target", view(request.target)},
                     {"headers", std::move(headers)},
                     {"body", view(request.body.substr(0, 1u << 20))},
                     {"status", script.status},
                     {"model", script.model}};
  if (script.answer) entry["usage"] = usage_object(script.usage);
  return json::serialize(entry);
}

}  // namespace

void Books::connection(int change) {
  const std::lock_guard lock(mutex_);
  open_ += change;
  if (change > 0) ++accepted_;
}

void Books::refuse_next(std::int64_t connections, bool reset) {
  refuse_with_reset_ = reset;
  refuse_ = connections;
}

bool Books::refuses(bool& reset) {
  if (refuse_.load(std::memory_order_relaxed) <= 0 || refuse_.fetch_sub(1) <= 0) return false;
  reset = refuse_with_reset_;
  return true;
}

void Books::request(const HttpRequest& request, Script& script) {
  accounts_.opened(script.caller, script.status);
  std::unique_lock lock(mutex_);
  script.caller.number = ++last_number_;
  ++requests_;
  ++by_status_[script.status];
  auto path = by_path_.find(request.path);
  if (path == by_path_.end() && by_path_.size() < 1000) path = by_path_.emplace(request.path, 0).first;
  if (path != by_path_.end()) ++path->second;
  if (!script.model.empty()) ++models_[script.model].requests;
  if (log_size_.load(std::memory_order_relaxed) == 0) return;
  log_.push_back(log_entry(script.caller.number, request, script));
  while (log_.size() > log_size_)
    log_.pop_front();
  lock.unlock();
  calls_.opened(script);
}

void Books::ended(const Script& script, Ending ending, std::uint64_t deltas) {
  if (script.caller.number == 0) return;
  accounts_.ended(script.caller, ending, script.usage);
  calls_.ended(script, ending, deltas);
  if (!script.answer) return;
  const std::lock_guard lock(mutex_);
  Model& model = models_[script.model];
  if (ending == Ending::kCompleted) {
    ++model.completed;
    add(model.usage, script.usage);
    return;
  }
  ++(ending == Ending::kPeerLeft ? model.peer_left : model.interrupted);
  model.partial_deltas += deltas;
  model.interrupted_input += script.usage.input;
}

std::uint32_t Books::count_steered(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return steered_[id]++;
}

std::string Books::stats_json() {
  const std::lock_guard lock(mutex_);
  json::object statuses, paths, models, total;
  Usage sum;
  std::uint64_t completed = 0;
  for (const auto& [status, count] : by_status_)
    statuses[std::to_string(status)] = count;
  for (const auto& [path, count] : by_path_)
    paths[path] = count;
  for (const auto& [name, model] : models_) {
    json::object entry = usage_object(model.usage);
    entry["requests"] = model.requests;
    entry["completed"] = model.completed;
    entry["interrupted"] = model.interrupted;
    entry["peerLeft"] = model.peer_left;
    entry["interruptedInputTokens"] = model.interrupted_input;
    entry["interruptedDeltas"] = model.partial_deltas;
    models[name] = std::move(entry);
    add(sum, model.usage);
    completed += model.completed;
  }
  total = usage_object(sum);
  total["completed"] = completed;
  return json::serialize(json::object{{"requests", requests_},
                                      {"connections", {{"open", open_}, {"accepted", accepted_}}},
                                      {"byStatus", std::move(statuses)},
                                      {"byPath", std::move(paths)},
                                      {"total", std::move(total)},
                                      {"models", std::move(models)}});
}

std::string Books::log_json() {
  const std::lock_guard lock(mutex_);
  std::string out = "[";
  for (const std::string& entry : log_) {
    if (out.size() > 1) out += ",\n";
    out += entry;
  }
  return out + "]";
}

void Books::reset(const std::size_t* log_size) {
  accounts_.reset();
  calls_.reset(log_size);
  const std::lock_guard lock(mutex_);
  if (log_size != nullptr) log_size_ = *log_size;
  requests_ = accepted_ = 0;
  by_status_.clear();
  by_path_.clear();
  models_.clear();
  steered_.clear();
  log_.clear();
}

}  // namespace sluice::fakes
