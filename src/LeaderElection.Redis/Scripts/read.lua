-- Reads who leads.
-- KEYS  1 election
-- ARGV  1 prefix of lease keys
local record = redis.call('GET', KEYS[1])
if not record or string.match(record, '^[-?] ') then
  return false
end
local lease, claim, token, at, candidate = string.match(record, '^(%S+) (%S+) (%d+) (%d+) (%S+)$')
if not lease then
  return {'foreign', record}
end
local left = redis.call('PTTL', ARGV[1] .. lease)
if left <= 0 then
  return false
end
return {'held', candidate, token, at, lease, left}
