-- Extends the leases that a worker holds and registers lost ones again; purges expired ones and hands free slots over.
-- KEYS: waiting, used; slots and queue per scope. ARGV: lease in ms, wake prefix; per scope: name, limit, number of
-- members, members.
-- include: prelude
local waiting, used, lease, wake = KEYS[1], KEYS[2], tonumber(ARGV[1]), ARGV[2]
-- include: hand_over
local a = 3
for k = 3, #KEYS, 2 do
  local slots, queue, limit, count = KEYS[k], KEYS[k + 1], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
  call('ZREMRANGEBYSCORE', slots, '-inf', now)
  local leases = {}
  for i = 1, count do
    leases[#leases + 1] = lease_end
    leases[#leases + 1] = ARGV[a + 2 + i]
  end
  if count > 0 then
    call('ZADD', slots, unpack(leases))
    keep(slots)
  end
  if call('EXISTS', queue) == 1 then hand_over(ARGV[a], slots, queue, free_of(limit, slots)) end
  a = a + 3 + count
end
return 1
