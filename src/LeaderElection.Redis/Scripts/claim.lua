-- Lets the claimant lead if nobody does, issues the fencing token, and confirms the claimant's lease.
-- KEYS  1 election, 2 token counter, 3 the claimant's lease, 4 since when the server has its data
-- ARGV  1 lease id, 2 claim id, 3 candidate, 4 lease in ms, 5 '1' if the lease must exist,
--       6 lease that the claimant believes alive or '', 7 highest token it has seen,
--       8 election name, 9 prefix of lease keys, 10 channel,
--       11 for how many ms a server without data does not vote; 0 where it is the only one,
--       12 '1' if the claimant has waited one lease since it was told to
if ARGV[5] == '1' and redis.call('EXISTS', KEYS[3]) == 0 then
  return {'lease-gone'}
end

local record = redis.call('GET', KEYS[1])
if record and string.sub(record, 1, 2) ~= '- ' then
  local lease, claim, token, at, candidate = string.match(record, '^(%S+) (%S+) (%d+) (%d+) (%S+)$')
  if not lease then
    return {'foreign', record}
  end
  if lease == ARGV[1] and claim == ARGV[2] then
    -- Won before; the reply was lost.
    redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
    return {'won', token, at}
  end
  local left = redis.call('PTTL', ARGV[9] .. lease)
  if left > 0 then
    return {'held', candidate, token, at, lease, left}
  end
  if lease == ARGV[6] then
    return {'wait'}
  end
elseif not record and (ARGV[6] ~= '' or (ARGV[12] ~= '1' and redis.call('EXISTS', KEYS[2]) == 1)) then
  -- A leader that resigned leaves its entry behind: this one was deleted, and its leader may not know that yet.
  return {'wait'}
end

local now = redis.call('TIME')
local at = now[1] .. string.format('%03d', math.floor(now[2] / 1000))

if not record and ARGV[11] ~= '0' then
  -- One of several servers, that knows of no leader: because there is none, or because it was emptied a moment ago.
  redis.call('SET', KEYS[4], at, 'NX')
  local left = redis.call('GET', KEYS[4]) + ARGV[11] - at
  if left > 0 then
    return {'fresh', string.format('%.0f', left)}
  end
end

-- Above the last one, above all that the claimant has seen, and not behind the clock: what a lost counter, or a
-- replica that was promoted, has forgotten had been issued before now.
local last = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[7]))
local token = string.format('%.0f', math.max(last + 1, tonumber(at)))
redis.call('SET', KEYS[2], token)

redis.call('SET', KEYS[1], table.concat({ARGV[1], ARGV[2], token, at, ARGV[3]}, ' '))
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
redis.call('PUBLISH', ARGV[10], 'elected ' .. ARGV[8] .. ' ' .. token)
return {'won', token, at}
