-- Enters a lease and the leaderships that hang on it, where nobody is entered who was elected later.
-- KEYS  1 lease, then for each election its key and its token counter
-- ARGV  1 lease id, 2 lease in ms, 3 candidate, then for each election the claim, the token, and the entry
-- Returns the positions of the elections that another has here, from 0.
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])

local taken = {}
for i = 0, (#KEYS - 1) / 2 - 1 do
  local election, counter = KEYS[2 * i + 2], KEYS[2 * i + 3]
  local claim, token, entry = ARGV[3 * i + 4], ARGV[3 * i + 5], ARGV[3 * i + 6]
  local record = redis.call('GET', election)
  local isOthers = false
  if record and string.sub(record, 1, 2) == '- ' then
    -- Somebody led later and has resigned already, or this one has, while it was being entered.
    isOthers = tonumber(string.sub(record, 3)) >= tonumber(token)
  elseif record and string.sub(record, 1, 2) ~= '? ' then
    -- With a lower token it is what was left here of one that led before, also when its process, and so its lease, lives on.
    local text = string.sub(record, 1, 2) == '+ ' and string.sub(record, 3) or record
    local lease, other, held = string.match(text, '^(%S+) (%S+) (%d+) ')
    local isMine = lease == ARGV[1] and other == claim
    isOthers = not isMine and (not lease or tonumber(held) >= tonumber(token))
  end
  if isOthers then
    taken[#taken + 1] = i
  else
    redis.call('SET', election, entry)
    local last = string.match(redis.call('GET', counter) or '0', '^%d+')
    redis.call('SET', counter, (tonumber(last) < tonumber(token) and token or last) .. ' ' .. ARGV[2])
  end
end
return taken
