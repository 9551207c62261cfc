-- Enlarges an owner's hold in every purse, or in none. KEYS: epoch; purses. ARGV: owner, amount; per purse: limit, bal, ver.
-- {'ok'} | {'refused', index of the purse, available} | {'rebuild'} | {'quarantine', until, now}
-- include: prelude
-- include: epoch
-- include: purse
local refusal = closed(call('GET', KEYS[1]))
if refusal then return refusal end
local field, amount = 'h:' .. ARGV[1], tonumber(ARGV[2])
local found = {}
for k = 2, #KEYS do
  local a = k * 3 - 3
  local purse = {read_purse(KEYS[k], field, ARGV[a + 1], ARGV[a + 2])}
  local available = ARGV[a] + purse[1] - purse[3]
  if available < amount then return {'refused', k - 2, available} end
  found[k] = purse
end
for k, purse in pairs(found) do
  add_to_purse(KEYS[k], field, amount, unpack(purse))
end
return {'ok'}
