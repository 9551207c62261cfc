-- The control plane has booked spending of a node. KEYS: purses. ARGV: node; per purse: acknowledged, bal, ver.
-- include: prelude
-- include: purse
local field = 'u:' .. ARGV[1]
for k = 1, #KEYS do
  local a = k * 3 - 1
  local bal, ver, total, spent, newer = read_purse(KEYS[k], field, ARGV[a + 1], ARGV[a + 2])
  local booked = math.min(spent, tonumber(ARGV[a]))
  if booked > 0 or newer then add_to_purse(KEYS[k], field, -booked, bal, ver, total, spent, newer) end
end
return 1
