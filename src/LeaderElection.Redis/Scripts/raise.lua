-- Counts the tokens on from one that was drawn from several servers, and enters it for the claim that was won here.
-- KEYS  1 election, 2 token counter
-- ARGV  1 "lease claim " of the claim, 2 token, 3 the election's entry with that token, 4 channel, 5 election name
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then
  return 0
end
if tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[2])
end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], 'elected ' .. ARGV[5] .. ' ' .. ARGV[2])
return 1
