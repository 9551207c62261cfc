-- nil if the epoch allows admission, else the reply that says why not: {'rebuild'} or {'quarantine', until, now}.
local function closed(epoch)
  if not epoch then return {'rebuild'} end
  local quarantine_until = tonumber(string.match(epoch, '^[^:]*:(%d+):'))
  if now < quarantine_until then return {'quarantine', quarantine_until, now} end
end
