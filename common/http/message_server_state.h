// What a MessageServer remembers; private to its source files. Shared with its sessions and replies, which may come
// after its end.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "common/http/message_server.h"
#include "common/io/event.h"
#include "common/io/listener.h"

namespace sluice::http {

struct MessageServer::State {
  State(io::Worker& owner, Handler handle, Refuse refusal_answer, MessageServerOptions wanted)
      : worker(owner), handler(std::move(handle)), refuse(std::move(refusal_answer)), options(wanted) {}

  // A request that waits for its answer. Lives in the session; a late reply finds it gone.
  struct Waiting {
    explicit Waiting(io::Worker& worker) : answered(worker) {}
    io::Event answered;
    std::optional<WholeAnswer> answer;
  };

  static Reply reply_to(const std::shared_ptr<State>& self, const std::shared_ptr<Waiting>& waiting);
  static io::Task<> serve(std::shared_ptr<State> self, io::Stream stream);
  static io::Task<WholeAnswer> answer_request(std::shared_ptr<State> self, WholeRequest request);
  static io::Task<Result<>> handle_request(std::shared_ptr<State> self, ServerConnection& client, WholeRequest request);
  static io::Task<Result<>> stream_answer(std::shared_ptr<State> self, ServerConnection& client,
                                          const WholeAnswer& answer, std::span<const Field> fields);
  static io::Task<Result<>> write_answer(std::shared_ptr<State> self, ServerConnection& client, WholeAnswer answer);

  io::Worker& worker;
  const Handler handler;
  const Refuse refuse;
  const MessageServerOptions options;
  std::optional<io::Listener> listener;
  std::atomic<std::size_t> busy = 0;
  std::size_t connections = 0;
  bool stopping = false;
  std::mutex mutex;
  // Under the mutex:
  bool closed = false;  // the worker may be gone, nothing may be posted any more
  std::vector<std::weak_ptr<AnswerPipe>> pipes;

  // Any thread. False: the server is gone, and the work dropped.
  bool post(std::function<void()> work);
  void keep_pipe(const std::shared_ptr<AnswerPipe>& pipe);
  void leave_pipes();
};

}  // namespace sluice::http
