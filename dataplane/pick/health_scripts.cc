#include "dataplane/pick/health_scripts.h"

#include <string>

namespace sluice::pick {

namespace {

constexpr const char* kPrelude = R"lua(
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- nil for a text of another build.
local function read(text)
  if not text then return nil end
  local ends, reason, soft, revision = string.match(text, '^%S+ (%d+) (%d+) ([01]) %d+ (%d+) ')
  if not ends then return nil end
  return {ends = tonumber(ends), reason = reason, soft = soft == '1', revision = tonumber(revision)}
end
)lua";

// The rules are those of Health::merge.
constexpr const char* kTellBlocks = R"lua(
local channel, refusal = ARGV[1], ARGV[2]
local function extends(known, news)
  if not known or known.ends <= now then return true end
  if known.reason == refusal and news.revision > known.revision then return true end
  if known.reason == refusal and news.reason == refusal and news.revision < known.revision then return false end
  if known.soft ~= news.soft then return known.soft end
  return news.ends > known.ends
end
local outweighed = {}
for i = 3, #ARGV, 2 do
  local field, text = ARGV[i], ARGV[i + 1]
  local news, known_text = read(text), call('HGET', KEYS[1], field)
  if news and news.ends > now and extends(read(known_text), news) then
    call('HSET', KEYS[1], field, text)
    call('PUBLISH', channel, text)
  elseif known_text and known_text ~= text then
    outweighed[#outweighed + 1] = known_text
  end
end
return outweighed
)lua";

constexpr const char* kTellEnd = R"lua(
local channel, refusal, field, text = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local known = read(call('HGET', KEYS[1], field))
if known and known.soft and known.ends <= tonumber(ARGV[5])
  and (known.reason ~= refusal or known.revision <= tonumber(ARGV[6])) then
  call('HDEL', KEYS[1], field)
end
call('PUBLISH', channel, text)
return 1
)lua";

constexpr const char* kLiveBlocks = R"lua(
local all, live = call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local known = read(all[i + 1])
  if known and known.ends <= now then
    call('HDEL', KEYS[1], all[i])
  else
    live[#live + 1] = all[i + 1]
  end
end
return live
)lua";

}  // namespace

const redis::Script& tell_blocks_script() {
  static const std::string source = std::string(kPrelude) + kTellBlocks;
  static const redis::Script script(source);
  return script;
}

const redis::Script& tell_end_script() {
  static const std::string source = std::string(kPrelude) + kTellEnd;
  static const redis::Script script(source);
  return script;
}

const redis::Script& live_blocks_script() {
  static const std::string source = std::string(kPrelude) + kLiveBlocks;
  static const redis::Script script(source);
  return script;
}

}  // namespace sluice::pick
