// Collects the keys and arguments of a script call. Scripts that every request runs take their numbers packed, as one
// argument before the others (scripts/numbers.part.lua). Only for dataplane/limit; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "dataplane/limit/key_names.h"
#include "dataplane/limit/pack_number.h"
#include "dataplane/limit/script_call.h"

namespace sluice::limit {

class CallBuilder {
 public:
  CallBuilder(const redis::Script& script, std::size_t keys, std::size_t arguments) {
    call_.script = &script;
    call_.keys.reserve(keys);
    call_.arguments.reserve(arguments);
  }

  CallBuilder& key(std::string name) {
    call_.keys.push_back(std::move(name));
    return *this;
  }
  CallBuilder& slots_and_queue(const KeyNames& names, std::string_view scope) {
    return key(names.slots(scope)).key(names.queue(scope));
  }
  CallBuilder& text(std::string_view argument) {
    call_.arguments.emplace_back(argument);
    return *this;
  }
  template <class Integer>
  CallBuilder& number(Integer argument) {
    call_.arguments.push_back(std::to_string(argument));
    return *this;
  }
  CallBuilder& number(std::chrono::milliseconds argument) { return number(argument.count()); }

  // Before any text().
  CallBuilder& packs_numbers() { return text({}); }
  template <class Integer>
  CallBuilder& packed(Integer number) {
    pack_number(static_cast<std::int64_t>(number), call_.arguments.front());
    return *this;
  }
  CallBuilder& packed(std::chrono::milliseconds number) { return packed(number.count()); }

  [[nodiscard]] ScriptCall take() { return std::move(call_); }

 private:
  ScriptCall call_;
};

}  // namespace sluice::limit
