-- Numbers come packed in the first argument: one costs Redis a third of what an argument and tonumber() do.
local numbers, n, t = {cmsgpack.unpack(ARGV[1])}, 0, 1
local function number()
  n = n + 1
  return numbers[n]
end
local function text()
  t = t + 1
  return ARGV[t]
end
