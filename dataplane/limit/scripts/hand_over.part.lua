-- For scripts that free slots. Needs `lease`, `waiting`, `used` and `wake`.
local function live(slots)
  return call('ZCOUNT', slots, alive, '+inf')
end
local lease_end = whole(now + lease)
-- Sets are forgotten when nobody has touched them for long; holders renew this with their leases.
local function keep(set)
  call('PEXPIRE', set, lease * 100)
end
-- Adds a slot to a set in which so many are live. Up to 128 members Redis keeps a set as a list and looks at all of them
-- in each call; a member of more than 64 characters, there for a moment, makes it a tree for as long as it exists.
local function add_slot(slots, member, running)
  call('ZADD', slots, lease_end, member)
  if running <= 0 then keep(slots) end
  if running == 16 then
    local long = string.rep('-', 65)
    call('ZADD', slots, 0, long)
    call('ZREM', slots, long)
  end
end
-- Hands up to `free` slots to the head of the queue, drops entries of those who wait no more, and returns how many
-- slots nobody wanted. With `me`, only those before this member and ticket (nil: before any newcomer) come first.
local function hand_over(scope, slots, queue, free, me, ticket)
  while free > 0 do
    local head = call('ZRANGE', queue, 0, 0, 'WITHSCORES')
    local who = head[1]
    if not who or who == me or (ticket and tonumber(head[2]) > ticket) then break end
    call('ZREM', queue, who)
    local waits_until = call('ZSCORE', waiting, who)
    if waits_until and tonumber(waits_until) > now then
      call('ZREM', waiting, who)
      call('ZADD', slots, lease_end, who)
      keep(slots)
      if string.sub(scope, 1, 8) == 'account:' then call('HSET', used, string.sub(scope, 9), now) end
      local owner, request = string.match(who, '^(.*):([^:]*)$')
      call('PUBLISH', wake .. owner, request .. ' ' .. scope)
      free = free - 1
    end
  end
  return free
end
-- What may still be taken; without a limit, everybody who waits gets one.
local function free_of(limit, slots)
  return limit == 0 and math.huge or limit - live(slots)
end
-- Whether anybody waits in one of the queues among KEYS: every second one of them.
local function any_queue(first, last)
  local queues = {}
  for k = first + 1, last or #KEYS, 2 do queues[#queues + 1] = KEYS[k] end
  return #queues > 0 and call('EXISTS', unpack(queues)) > 0
end
-- `queued` false: nobody waits there.
local function release(scope, limit, slots, queue, who, queued)
  if call('ZREM', slots, who) == 1 and queued then hand_over(scope, slots, queue, free_of(limit, slots)) end
end
