-- A worker says what it holds, absolutely. KEYS: purses. ARGV: owner, node; per purse: bal, ver, its holds, its node's
-- unacknowledged spending (-1: unchanged). Drops what silent owners left, repairs the total. Per purse: bal, ver, total.
-- include: prelude
-- include: purse
local SILENT = {['h:'] = 600000, ['u:'] = 86400000}  -- ms after which an owner's holds, a node's spending are dropped
local owner, node = ARGV[1], ARGV[2]

-- All holds and spending, the own ones as claimed: owner -> amount per kind; stamps; who had a field before.
local function take(key, claimed)
  local fields, amounts, stamps = {}, {}, {}
  local flat = call('HGETALL', key)
  for i = 1, #flat, 2 do
    local name, kind, who = flat[i], string.sub(flat[i], 1, 2), string.sub(flat[i], 3)
    fields[name] = flat[i + 1]
    if SILENT[kind] then amounts[name] = tonumber(flat[i + 1]) end
    if kind == 't:' then stamps[who] = tonumber(flat[i + 1]) end
  end
  for name, amount in pairs(claimed) do
    amounts[name] = amount
    stamps[string.sub(name, 3)] = now
  end
  return fields, amounts, stamps
end

local reply = {}
for k = 1, #KEYS do
  local a = k * 4 - 1
  local claimed = {['h:' .. owner] = tonumber(ARGV[a + 2])}
  if tonumber(ARGV[a + 3]) >= 0 then claimed['u:' .. node] = tonumber(ARGV[a + 3]) end
  local fields, amounts, stamps = take(KEYS[k], claimed)

  local total, set, gone, kept = 0, {}, {}, {}
  for name, amount in pairs(amounts) do
    local who = string.sub(name, 3)
    local last = stamps[who] or now  -- first seen: its time begins
    if amount == 0 or now - last > SILENT[string.sub(name, 1, 2)] then
      if fields[name] then gone[#gone + 1] = name end
    else
      total = total + amount
      kept['t:' .. who] = last
      if tonumber(fields[name]) ~= amount then set[#set + 1] = name; set[#set + 1] = amount end
    end
  end
  for stamp, last in pairs(kept) do set[#set + 1] = stamp; set[#set + 1] = last end
  for name in pairs(fields) do
    if string.sub(name, 1, 2) == 't:' and not kept[name] then gone[#gone + 1] = name end
  end

  local bal, ver = tonumber(fields.bal), tonumber(fields.ver or 0)
  if not bal or ver < tonumber(ARGV[a + 1]) then bal, ver = tonumber(ARGV[a]), tonumber(ARGV[a + 1]) end
  call('HSET', KEYS[k], 'bal', bal, 'ver', ver, 'total', total, unpack(set))
  if #gone > 0 then call('HDEL', KEYS[k], unpack(gone)) end
  call('PEXPIRE', KEYS[k], PURSE_TTL)
  reply[#reply + 1] = bal
  reply[#reply + 1] = ver
  reply[#reply + 1] = total
end
return reply
