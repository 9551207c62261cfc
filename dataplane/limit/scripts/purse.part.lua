-- Purses: avail = limit + bal - total, where total is the sum of all h: and u: fields.
local PURSE_TTL = 90000000  -- 25 hours: longer than any unacknowledged spending is kept
-- The newest of what is stored and what the caller knows: bal, ver, total, amount of `field`, whether the caller's is.
local function read_purse(key, field, bal, ver)
  local stored = call('HMGET', key, 'bal', 'ver', 'total', field)
  local total, amount = tonumber(stored[3] or 0), tonumber(stored[4] or 0)
  if stored[1] and tonumber(stored[2] or 0) >= tonumber(ver) then
    return tonumber(stored[1]), tonumber(stored[2] or 0), total, amount, false
  end
  return tonumber(bal), tonumber(ver), total, amount, true
end
-- Adds to a field and to the total.
local function add_to_purse(key, field, plus, bal, ver, total, amount, newer)
  if newer then
    call('HSET', key, 'bal', whole(bal), 'ver', whole(ver), 'total', whole(total + plus), field, whole(amount + plus))
    call('PEXPIRE', key, PURSE_TTL)
  else
    call('HSET', key, 'total', whole(total + plus), field, whole(amount + plus))
  end
end
