-- Makes a vote that was given here a leadership: counts the tokens on from one that was drawn from several servers, and enters it.
-- KEYS  1 election, 2 token counter
-- ARGV  1 "lease claim " of the claim, 2 token, 3 the election's entry with that token, 4 channel, 5 election name, 6 lease in ms
local record = redis.call('GET', KEYS[1]) or ''
if string.sub(record, 1, 2) == '+ ' then
  record = string.sub(record, 3)
end
if string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then
  return 0
end
local last = string.match(redis.call('GET', KEYS[2]) or '0', '^%d+')
redis.call('SET', KEYS[2], (tonumber(last) < tonumber(ARGV[2]) and ARGV[2] or last) .. ' ' .. ARGV[6])
redis.call('SET', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], 'elected ' .. ARGV[5] .. ' ' .. ARGV[2])
return 1
