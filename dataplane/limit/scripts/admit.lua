-- Admits a request and takes a slot of the best of a few accounts, all or nothing (dataplane/limit/admit_call.h).
-- KEYS: epoch, waiting, used; sticky binding if there is one; of user, then of key: slots and queue if concurrency is
-- limited, request rate, token rate if limited; purses; slots and queue of each account whose concurrency is limited.
-- ARGV: packed numbers, then texts, as read below. Replies: {'granted', index from 0 or -1, by, loads...} | {'waiting', for what, ticket, position,
-- sticky index, bits of queues, loads...} | {'refused', why, purse index, limit, current, retry ms, loads...} |
-- {'all_full', loads...} | {'elsewhere', account} | {'rebuild'} | {'quarantine', until, now}.
-- loads: running, waiting per candidate, -1 if not looked at. Codes: the enums of admit_call.h.
-- include: prelude
-- include: numbers
local waiting, used = KEYS[2], KEYS[3]
local lease, flags, ticket, tokens, hold = number(), number(), number(), number(), number()
local max_waiting_scope, max_waiting_account, sticky_ttl, sticky_waiting = number(), number(), number(), number()
local member, owner, wake = text(), text(), text()
-- include: hand_over
-- include: rate
-- include: purse
-- include: epoch
local function flag(bit_value) return bit.band(flags, bit_value) ~= 0 end
local may_wait, admitted, yield_sticky, ignore_sticky, sticky = flag(1), flag(2), flag(4), flag(8), flag(16)
local asked_before = ticket ~= 0

-- ---- what is asked
local k = 3
local function next_key()
  k = k + 1
  return KEYS[k]
end
local reads, queues, rates = {KEYS[1]}, {}, {}
if sticky then reads[2] = next_key() end
local function read_scope(code)
  local scope = {limit = number(), code = code}
  if scope.limit > 0 then
    scope.name, scope.slots, scope.queue = text(), next_key(), next_key()
    queues[#queues + 1] = scope.queue
  end
  for i = 0, 1 do
    local limit = number()
    if limit > 0 then
      reads[#reads + 1] = next_key()
      rates[#rates + 1] = {key = KEYS[k], limit = limit, cost = (i == 0 and 1 or tokens) * MINUTE,
                           why = 2 + 2 * code + i, at = #reads}
    end
  end
  return scope
end
local user, key = read_scope(0), read_scope(1)
local purses = {}
for i = 1, number() do
  purses[i] = {key = next_key(), limit = number(), bal = number(), ver = number()}
end
local accounts = {}
for i = 1, number() do
  local account = {id = text(), limit = number(), priority = number(), weight = number(), running = -1, waiting = -1}
  if account.limit > 0 then
    account.slots, account.queue = next_key(), next_key()
    queues[#queues + 1] = account.queue
  end
  accounts[i] = account
end

local stored = call('MGET', unpack(reads))
local refusal = closed(stored[1])
if refusal then return refusal end
local queued = #queues > 0 and call('EXISTS', unpack(queues)) > 0

-- ---- slots and queues
local function holds(slots)
  local ends = call('ZSCORE', slots, member)
  return ends and tonumber(ends) > now
end
-- Whether this member may take a slot: waiters before it are served first. Sets running.
local function has_place(scope, name)
  scope.running = live(scope.slots)
  local free = scope.limit - scope.running
  if free > 0 and queued then
    free = hand_over(name, scope.slots, scope.queue, free, member, asked_before and ticket or nil)
    scope.running = scope.limit - free
  end
  return free > 0
end
local function take_slot(scope)
  add_slot(scope.slots, member, scope.running)
end
-- Takes the member out of a scope, in which it may have been handed a slot.
local function leave(scope)
  if scope.limit == 0 then return end
  call('ZREM', scope.queue, member)
  release(scope.name, scope.limit, scope.slots, scope.queue, member, true)
end
local function wait_in(queue)
  if not asked_before then ticket = now_us end
  call('ZADD', queue, whole(ticket), member)
  keep(queue)
  call('ZADD', waiting, lease_end, member)
  keep(waiting)
  return call('ZRANK', queue, member) + 1
end
local function waits_in(queue)
  return asked_before and call('ZSCORE', queue, member)
end
local function with_loads(reply)
  for _, account in ipairs(accounts) do
    reply[#reply + 1] = account.running
    reply[#reply + 1] = account.waiting
  end
  return reply
end
local function refuse(why, purse, limit, current, retry)
  if asked_before and not admitted then
    call('ZREM', waiting, member)
    leave(user)
    leave(key)
  end
  return with_loads({'refused', why, purse, limit, current, retry})
end

-- ---- which account: {reply} if there is none, else its index and why it is the best
local function find_bound()
  local bound = sticky and not ignore_sticky and stored[2]
  if not bound then return 0 end
  for i, account in ipairs(accounts) do
    if account.id == bound then return i end
  end
  return nil, {'elsewhere', bound}
end
local function find_handed_over()
  for i, account in ipairs(accounts) do
    if account.limit > 0 and holds(account.slots) then return i end
  end
end
local function look(account)
  if account.limit == 0 then return true end
  local place = has_place(account, 'account:' .. account.id)
  account.waiting = queued and call('ZCARD', account.queue) or 0
  return place
end
-- The free ones of the best priority that has any, and how many have that priority.
local function free_accounts(full)
  local free, peers, priority = {}, 0, nil
  for i, account in ipairs(accounts) do
    if account.priority ~= priority then
      if #free > 0 then break end
      priority, peers = account.priority, 0
    end
    peers = peers + 1
    if i ~= full and look(account) then free[#free + 1] = i end
  end
  return free, peers
end
local function least(free, value_of)
  local best, lowest = {}, math.huge
  for n, i in ipairs(free) do
    local value = value_of(n, accounts[i])
    if value < lowest then best, lowest = {}, value end
    if value == lowest then best[#best + 1] = i end
  end
  return best
end
local function best_of(free, peers)
  if #accounts == 1 then return free[1], 2 end
  if peers == 1 then return free[1], 3 end
  free = least(free, function(_, account)
    return account.limit == 0 and 0 or (account.running + account.waiting) / account.limit / account.weight
  end)
  if #free == 1 then return free[1], 4 end
  local ids = {}
  for n, i in ipairs(free) do ids[n] = accounts[i].id end
  local last = call('HMGET', used, unpack(ids))
  free = least(free, function(n) return tonumber(last[n] or 0) end)
  if #free == 1 then return free[1], 5 end
  return free[now_us % #free + 1], 6
end

if #accounts > 0 and asked_before then
  local handed = find_handed_over()
  if handed then accounts.chosen, accounts.by = handed, 7 end
end
local bound = 0
if not accounts.chosen then
  local elsewhere
  bound, elsewhere = find_bound()
  if elsewhere then return elsewhere end
end

-- ---- user, key, rates, purses; nothing is charged yet
for _, scope in ipairs({user, key}) do
  if scope.limit > 0 and not has_place(scope, scope.name) and not holds(scope.slots) then
    local room = may_wait and (call('ZCARD', scope.queue) < max_waiting_scope or waits_in(scope.queue))
    if not room then return refuse(scope.code, -1, scope.limit, scope.running, 0) end
    if asked_before then leave(scope == user and key or user) end
    local position = wait_in(scope.queue)
    return {'waiting', scope.code, ticket, position, -1, 0}
  end
end
for _, rate in ipairs(rates) do
  local debt, burst = owed(stored[rate.at], rate.limit), rate.limit * MINUTE
  local over = rate.cost > burst and debt or debt + rate.cost - burst
  if over > 0 then
    return refuse(rate.why, -1, rate.limit, math.ceil(debt / MINUTE), math.ceil(over / rate.limit / 1000))
  end
  rate.debt = debt + rate.cost
end
local hold_field = 'h:' .. owner
for i, purse in ipairs(purses) do
  purse.found = {read_purse(purse.key, hold_field, purse.bal, purse.ver)}
  local available = purse.limit + purse.found[1] - purse.found[3]
  if available < hold then return refuse(6, i - 1, purse.limit, available, 0) end
end

-- ---- an account, or the queues to wait in
local joins, wait_for, bits = {}, 2, 0
if #accounts > 0 and not accounts.chosen then
  if bound > 0 and look(accounts[bound]) then
    accounts.chosen, accounts.by = bound, 1
  elseif bound > 0 and may_wait and not yield_sticky and
      (accounts[bound].waiting < sticky_waiting or waits_in(accounts[bound].queue)) then
    joins, wait_for = {bound}, 3
  else
    local free, peers = free_accounts(bound)
    if #free > 0 then
      accounts.chosen, accounts.by = best_of(free, peers)
    elseif not may_wait then
      return with_loads({'all_full'})
    else
      for i, account in ipairs(accounts) do
        if account.waiting < max_waiting_account or waits_in(account.queue) then
          joins[#joins + 1] = i
          bits = bits + 2 ^ (i - 1)
        end
      end
      if #joins == 0 then return refuse(7, -1, max_waiting_account, 0, 0) end
    end
  end
end

-- ---- all is decided: charge
for _, scope in ipairs({user, key}) do
  if scope.limit > 0 then
    take_slot(scope)
    -- An entry left here would look alive as soon as the member waits for an account.
    if asked_before then call('ZREM', scope.queue, member) end
  end
end
for _, rate in ipairs(rates) do owe(rate.key, rate.limit, rate.debt) end
for _, purse in ipairs(purses) do add_to_purse(purse.key, hold_field, hold, unpack(purse.found)) end

if #joins > 0 then
  local position = math.huge
  for _, i in ipairs(joins) do position = math.min(position, wait_in(accounts[i].queue)) end
  return with_loads({'waiting', wait_for, ticket, position, wait_for == 3 and bound - 1 or -1, bits})
end
if queued or asked_before then
  call('ZREM', waiting, member)
  for _, queue in ipairs(queues) do call('ZREM', queue, member) end
end
if not accounts.chosen then return {'granted', -1, 0} end
local account = accounts[accounts.chosen]
if account.limit > 0 then take_slot(account) end
call('HSET', used, account.id, string.sub(alive, 2))
if sticky then call('SET', KEYS[4], account.id, 'PX', whole(sticky_ttl)) end
return with_loads({'granted', accounts.chosen - 1, accounts.by})
