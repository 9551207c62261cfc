// Turns a good answer into the steps of its event stream, with the faults the steering asks for.
// One per response, used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/fakes/anthropic/answer.h"
#include "tests/fakes/anthropic/gzip_stream.h"
#include "tests/fakes/anthropic/script.h"
#include "tests/fakes/anthropic/steering.h"

namespace sluice::fakes {

class StreamWriter {
 public:
  StreamWriter(const Answer& answer, const Steering& steering, Script& out);

  // Adds everything after the response head to the script, and decides how it ends.
  void write();

 private:
  void preamble();
  void block(const Block& block);
  void words(const Block& block, bool thinking);
  void ending();

  void message_start();
  // Adds one event, paced by `delay_ms`, unless the fault strikes here. Ignored once the stream has been struck.
  void event(std::string_view name, std::string_view data, std::uint32_t delay_ms = 0, std::uint32_t deltas = 0);
  // An event that carries content: the places where faults strike are counted in these.
  void delta(std::string_view fields);
  void word_delta(std::uint64_t n, bool thinking);
  bool before_delta();
  void junk();
  void emit(std::string_view name, std::string_view data, std::uint32_t delay_ms, std::uint32_t deltas);
  std::string framed(std::string_view text) const;
  void bytes(std::string_view text, std::uint32_t delay_ms, std::uint32_t deltas);
  void terminate();
  bool strikes_now();
  void strike();
  void go_on_forever();

  const Answer& answer_;
  const Steering& steering_;
  Script& out_;
  std::optional<GzipStream> gzip_;
  std::uint64_t emitted_ = 0;  // content deltas so far
  std::uint64_t events_ = 0;   // of any kind
  std::uint64_t strike_at_ = 0;
  std::size_t index_ = 0;  // of the content block
  std::uint32_t extra_delay_ms_ = 0;
  bool struck_ = false;  // nothing follows
  bool faulty_ = false;
  bool ordinary_ = true;  // chunks and lines in the commonest form: the ready-made ones fit
};

}  // namespace sluice::fakes
