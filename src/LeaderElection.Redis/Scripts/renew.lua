-- Renews the lease of a process, and checks that its claims still hold their elections.
-- KEYS  1 lease, 2.. elections
-- ARGV  1 lease id, 2 lease in ms, 3 channel, 4.. the claim to each election
-- Returns false when the lease is gone, else the positions of the elections that are lost, from 0.
if redis.call('PEXPIRE', KEYS[1], ARGV[2]) == 0 then
  return false
end

local lost = {}
-- In portions: Lua's stack bounds how many keys one call takes.
for first = 2, #KEYS, 4000 do
  local last = math.min(first + 3999, #KEYS)
  local records = redis.call('MGET', unpack(KEYS, first, last))
  for i = first, last do
    local record = records[i - first + 1]
    local mine = ARGV[1] .. ' ' .. ARGV[i + 2] .. ' '
    if not record or string.sub(record, 1, #mine) ~= mine then
      lost[#lost + 1] = i - 2
    end
  end
end

redis.call('PUBLISH', ARGV[3], 'alive ' .. ARGV[1] .. ' ' .. ARGV[2])
return lost
