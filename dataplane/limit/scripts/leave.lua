-- Ends the waiting of a member. KEYS: waiting, used; slots and queue per scope. ARGV: packed numbers: lease in ms; per
-- scope: limit. Then member, wake prefix; per scope: name. A slot that it was handed meanwhile is released, and handed on.
-- include: prelude
-- include: numbers
local waiting, used, lease, member, wake = KEYS[1], KEYS[2], number(), text(), text()
-- include: hand_over
call('ZREM', waiting, member)
local queued = any_queue(3)
for k = 3, #KEYS, 2 do
  if queued then call('ZREM', KEYS[k + 1], member) end
  release(text(), number(), KEYS[k], KEYS[k + 1], member, queued)
end
return 1
