-- GCRA in whole numbers: one request or token is a debt of MINUTE, and `limit` of it are worked off per microsecond; so
-- a limit per minute never owes more than a minute's worth.
local MINUTE = 60000000
local function owed(value, limit)
  if not value then return 0 end
  local debt, at = string.match(value, '^(%d+):(%d+)$')
  return math.max(0, debt - math.max(0, now_us - at) * limit)
end
local function owe(key, limit, debt)
  if debt <= 0 then
    call('DEL', key)
  else
    call('SET', key, format('%d:%d', debt, now_us), 'PX', whole(math.ceil(debt / limit / 1000)))
  end
end
