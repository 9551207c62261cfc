-- Takes back what a request held. KEYS: waiting, used; slots and queue per slot; purses; token rates.
-- ARGV: packed numbers: lease in ms, token delta, numbers of slots and of purses; per slot: limit; per purse: hold, actual;
-- per token rate: limit. Then member, owner, node, wake prefix; per slot: scope.
-- include: prelude
-- include: numbers
local waiting, used, lease, token_delta, slots, purses = KEYS[1], KEYS[2], number(), number(), number(), number()
local member, hold_field, spent_field, wake = text(), 'h:' .. text(), 'u:' .. text(), text()
-- include: hand_over
-- include: rate
-- include: purse
local k = 3

local queued = slots > 0 and any_queue(3, 2 + 2 * slots)
for _ = 1, slots do
  release(text(), number(), KEYS[k], KEYS[k + 1], member, queued)
  k = k + 2
end

for _ = 1, purses do
  local key = KEYS[k]
  local stored = call('HMGET', key, 'total', hold_field, spent_field)
  local hold, spent = tonumber(stored[2] or 0), tonumber(stored[3] or 0)
  local hold_left = math.max(0, hold - number())
  local actual = number()
  local total = tonumber(stored[1] or 0) + hold_left - hold + actual
  if actual == 0 then
    call('HSET', key, 'total', whole(total), hold_field, whole(hold_left))
  else
    call('HSET', key, 'total', whole(total), hold_field, whole(hold_left), spent_field, whole(spent + actual))
  end
  if not stored[1] then call('PEXPIRE', key, PURSE_TTL) end
  k = k + 1
end

for i = k, #KEYS do
  local limit = number()
  owe(KEYS[i], limit, owed(call('GET', KEYS[i]), limit) + token_delta * MINUTE)
end
return 1
