#include "dataplane/redis/client.h"

#include <array>

#include "dataplane/redis/client_state.h"

namespace sluice::redis {

namespace {

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

std::vector<std::string_view> evalsha(const Script& script, const std::string& key_count,
                                      const std::vector<std::string>& keys, const std::vector<std::string>& arguments) {
  std::vector<std::string_view> command = {"EVALSHA", script.sha(), key_count};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

// Tasks hold the state: it outlives the client for as long as somebody still waits.
io::Task<Result<Reply>> run_command(std::shared_ptr<ClientState> state, std::vector<std::string> arguments,
                                    SteadyTime deadline) {
  std::shared_ptr<Call> call = state->start(views(arguments), deadline);
  co_return co_await ClientState::finish(state, std::move(call));
}

io::Task<Result<Reply>> run_script(std::shared_ptr<ClientState> state, const Script& script,
                                   std::vector<std::string> keys, std::vector<std::string> arguments) {
  const SteadyTime deadline = state->default_deadline();
  const std::string key_count = std::to_string(keys.size());
  const std::vector<std::string_view> command = evalsha(script, key_count, keys, arguments);
  std::shared_ptr<Call> call = state->start(command, deadline);
  Result<Reply> reply = co_await ClientState::finish(state, std::move(call));
  if (reply || reply.error().code != ErrorCode::kNotFound) co_return reply;

  const std::array<std::string_view, 3> load = {"SCRIPT", "LOAD", script.source()};
  state->fire(load);
  call = state->start(command, deadline);
  reply = co_await ClientState::finish(state, std::move(call));
  co_return reply;
}

}  // namespace

Client::Client(io::Worker& worker, ClientOptions options, observe::MetricsRegistry& metrics)
    : state_(std::make_shared<ClientState>(worker, std::move(options), metrics)), worker_(worker) {}

Client::~Client() {
  state_->stop();
}

void Client::add_script(const Script& script) {
  state_->scripts.push_back(&script);
}

void Client::on_up(std::function<void()> call) {
  state_->up_calls.push_back(std::move(call));
}

void Client::start() {
  worker_.spawn_background(ClientState::serve(state_));
}

bool Client::available() const {
  return state_->available();
}

io::Task<Result<Reply>> Client::command(std::vector<std::string> arguments) {
  return run_command(state_, std::move(arguments), state_->default_deadline());
}

io::Task<Result<Reply>> Client::command(std::vector<std::string> arguments, SteadyTime deadline) {
  return run_command(state_, std::move(arguments), deadline);
}

io::Task<Result<Reply>> Client::eval(const Script& script, std::vector<std::string> keys,
                                     std::vector<std::string> arguments) {
  return run_script(state_, script, std::move(keys), std::move(arguments));
}

bool Client::fire(const std::vector<std::string>& arguments) {
  return state_->fire(views(arguments));
}

bool Client::fire_eval(const Script& script, const std::vector<std::string>& keys,
                       const std::vector<std::string>& arguments) {
  return state_->fire(evalsha(script, std::to_string(keys.size()), keys, arguments));
}

}  // namespace sluice::redis
