-- Time is Redis' own, so that nodes with wrong clocks neither steal nor lose anything.
local call = redis.call
local format = string.format
-- For numbers that become arguments: Redis itself would print them as floating point numbers, which costs more.
local function whole(number) return format('%d', number) end
local time = call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)
local alive = '(' .. whole(now)  -- scores above this are leases that have not ended
