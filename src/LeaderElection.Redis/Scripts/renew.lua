-- Renews the lease of a process, and checks that its claims still hold their elections.
-- KEYS  1 lease, 2 since when the server has its data, 3.. elections
-- ARGV  1 lease id, 2 lease in ms, 3 channel, 4 '1' if this is one of several servers, 5.. the claim to each election
-- Returns false when the lease is gone, else the positions of the elections that are lost, from 0.
if ARGV[4] == '1' then
  -- What a restarted server may have forgotten is entered again from now on: the time until it votes begins.
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  if string.match(redis.call('GET', KEYS[2]) or '', '^%S+') ~= run then
    local time = redis.call('TIME')
    redis.call('SET', KEYS[2], run .. ' ' .. time[1] .. string.format('%03d', math.floor(time[2] / 1000)))
  end
end

if redis.call('PEXPIRE', KEYS[1], ARGV[2]) == 0 then
  return false
end

local lost = {}
-- In portions: Lua's stack bounds how many keys one call takes.
for first = 3, #KEYS, 4000 do
  local last = math.min(first + 3999, #KEYS)
  local records = redis.call('MGET', unpack(KEYS, first, last))
  for i = first, last do
    local record = records[i - first + 1]
    local mine = ARGV[1] .. ' ' .. ARGV[i + 2] .. ' '
    if not record or string.sub(record, 1, #mine) ~= mine then
      lost[#lost + 1] = i - 3
    end
  end
end

redis.call('PUBLISH', ARGV[3], 'alive ' .. ARGV[1] .. ' ' .. ARGV[2])
return lost
