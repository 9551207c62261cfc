-- Takes a slot of KEYS[1], a sorted set of owners by the millisecond in which their lease ends.
-- ARGV: limit, member, lease in ms. 1: the member holds a slot; 0: all are taken.
-- Time is Redis' own, so that nodes with wrong clocks neither steal nor lose slots.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) and not redis.call('ZSCORE', KEYS[1], ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
