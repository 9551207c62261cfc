-- A worker's waiters are still there. KEYS: waiting, used; slots and queue per scope. ARGV: lease in ms, wake prefix;
-- per scope: name, limit; per waiter: member, number of scopes, their indexes from 0.
-- Sweeps the scopes first. Per waiter: -1 lost, -2 waiting and renewed, else the index of the scope that was granted.
-- include: prelude
local waiting, used, lease, wake = KEYS[1], KEYS[2], tonumber(ARGV[1]), ARGV[2]
-- include: hand_over
local SWEPT = 2000  -- entries of a queue that one sweep looks at

local function drop_dead(queue)
  local members = call('ZRANGE', queue, 0, SWEPT - 1)
  if #members == 0 then return end
  local expiries, dead = call('ZMSCORE', waiting, unpack(members)), {}
  for i, member in ipairs(members) do
    if not expiries[i] or tonumber(expiries[i]) <= now then dead[#dead + 1] = member end
  end
  if #dead > 0 then call('ZREM', queue, unpack(dead)) end
end

local a = 3
for k = 3, #KEYS, 2 do
  local slots, queue = KEYS[k], KEYS[k + 1]
  call('ZREMRANGEBYSCORE', slots, '-inf', now)
  drop_dead(queue)
  hand_over(ARGV[a], slots, queue, free_of(tonumber(ARGV[a + 1]), slots))
  keep(queue)
  a = a + 2
end
call('ZREMRANGEBYSCORE', waiting, '-inf', now)

local reply, renewed = {}, {}
while a <= #ARGV do
  local member, count, state = ARGV[a], tonumber(ARGV[a + 1]), -1
  if call('ZSCORE', waiting, member) then
    state = -2
    renewed[#renewed + 1] = lease_end
    renewed[#renewed + 1] = member
  else
    for i = a + 2, a + 1 + count do
      local ends = call('ZSCORE', KEYS[3 + 2 * ARGV[i]], member)
      if ends and tonumber(ends) > now then
        state = tonumber(ARGV[i])
        break
      end
    end
  end
  reply[#reply + 1] = state
  a = a + 2 + count
end
if #renewed > 0 then
  call('ZADD', waiting, unpack(renewed))
  keep(waiting)
end
return reply
