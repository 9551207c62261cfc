-- Takes back what a request held. KEYS: waiting, used; slots and queue per slot; purses; token rates.
-- ARGV: member, owner, node, lease in ms, wake prefix, token delta, numbers of slots and of purses;
-- per slot: scope, limit; per purse: hold, actual; per token rate: limit.
-- include: prelude
local waiting, used, lease, wake = KEYS[1], KEYS[2], tonumber(ARGV[4]), ARGV[5]
-- include: hand_over
-- include: rate
-- include: purse
local member, hold_field, spent_field = ARGV[1], 'h:' .. ARGV[2], 'u:' .. ARGV[3]
local token_delta, slots, purses = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local k, a = 3, 9

local queues = {}
for i = 1, slots do queues[i] = KEYS[2 + 2 * i] end
local queued = slots > 0 and call('EXISTS', unpack(queues)) > 0
for _ = 1, slots do
  release(ARGV[a], tonumber(ARGV[a + 1]), KEYS[k], KEYS[k + 1], member, queued)
  k, a = k + 2, a + 2
end

for _ = 1, purses do
  local key = KEYS[k]
  local stored = call('HMGET', key, 'total', hold_field, spent_field)
  local hold, spent = tonumber(stored[2] or 0), tonumber(stored[3] or 0)
  local hold_left = math.max(0, hold - ARGV[a])
  local actual = tonumber(ARGV[a + 1])
  local total = tonumber(stored[1] or 0) + hold_left - hold + actual
  if actual == 0 then
    call('HSET', key, 'total', whole(total), hold_field, whole(hold_left))
  else
    call('HSET', key, 'total', whole(total), hold_field, whole(hold_left), spent_field, whole(spent + actual))
  end
  if not stored[1] then call('PEXPIRE', key, PURSE_TTL) end
  k, a = k + 1, a + 2
end

for i = k, #KEYS do
  local limit = tonumber(ARGV[a])
  owe(KEYS[i], limit, owed(call('GET', KEYS[i]), limit) + token_delta * MINUTE)
  a = a + 1
end
return 1
