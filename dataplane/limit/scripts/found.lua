-- Makes sure that there is an epoch of this run of Redis. KEYS: epoch. ARGV: id for a new one, run id, quarantine in ms.
-- {id, ms until which nothing is admitted, now in ms, 1 if it is new}
-- include: prelude
local epoch = call('GET', KEYS[1])
if epoch then
  local id, quarantine_until, run = string.match(epoch, '^([^:]*):(%d+):(.*)$')
  if run == ARGV[2] then return {id, tonumber(quarantine_until), now, 0} end
end
local quarantine_until = now + ARGV[3]
call('SET', KEYS[1], format('%s:%d:%s', ARGV[1], quarantine_until, ARGV[2]))
return {ARGV[1], quarantine_until, now, 1}
