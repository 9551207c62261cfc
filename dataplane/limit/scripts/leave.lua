-- Ends the waiting of a member. KEYS: waiting, used; slots and queue per scope. ARGV: member, lease in ms, wake prefix;
-- per scope: name, limit. A slot that it was handed meanwhile is released, and handed on.
-- include: prelude
local member, waiting, used, lease, wake = ARGV[1], KEYS[1], KEYS[2], tonumber(ARGV[2]), ARGV[3]
-- include: hand_over
call('ZREM', waiting, member)
for k = 3, #KEYS, 2 do
  call('ZREM', KEYS[k + 1], member)
  release(ARGV[k + 1], tonumber(ARGV[k + 2]), KEYS[k], KEYS[k + 1], member, true)
end
return 1
