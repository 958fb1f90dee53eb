-- Decides claims under one lease, in their order: lets each claimant lead if nobody does, and issues the fencing token.
-- KEYS  1 the claimants' lease, 2 since when the server has its data, then for each claim the election and its token counter
-- ARGV  1 lease id, 2 lease in ms, 3 prefix of lease keys, 4 channel,
--       5 for how many ms a server without data does not vote; 0 where it is the only one, then for each claim:
--       1 claim id, 2 candidate, 3 election name, 4 '1' if the lease must exist, 5 lease that the claimant believes alive
--       or '', 6 highest token it has seen, 7 for how many ms an entry must be missing before somebody may lead
-- Returns the answers in the same order.
local lease, since = KEYS[1], KEYS[2]
local isConfirmed, now = false, nil
local elected = {'elected'}

local function confirm(candidate)
  if not isConfirmed then
    redis.call('SET', lease, candidate, 'PX', ARGV[2])
    isConfirmed = true
  end
end

local function milliseconds()
  if not now then
    local time = redis.call('TIME')
    now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
  end
  return now
end

-- What is left of so many ms since a key was set to the mark and the time. Where the clock was set back they begin anew.
local function left(key, mark, began, duration)
  local at = milliseconds()
  if tonumber(began) > tonumber(at) then
    redis.call('SET', key, mark .. at)
    began = at
  end
  return began + duration - at
end

local function decide(election, counter, id, candidate, name, mustExist, watched, highest, vacancy)
  if mustExist == '1' and not isConfirmed and redis.call('EXISTS', lease) == 0 then
    return {'lease-gone'}
  end

  local record = redis.call('GET', election)
  local missingSince = record and string.match(record, '^%? (%d+)$')
  if record and not missingSince and string.sub(record, 1, 2) ~= '- ' then
    local holder, claim, token, at, leader = string.match(record, '^(%S+) (%S+) (%d+) (%d+) (%S+)$')
    if not holder then
      return {'foreign'}
    end
    if holder == ARGV[1] and claim == id then
      -- Won before; the reply was lost.
      confirm(candidate)
      return {'won', token, at}
    end
    local runs = redis.call('PTTL', ARGV[3] .. holder)
    if runs > 0 then
      return {'held', leader, token, at, holder, runs}
    end
    if holder == watched then
      return {'wait', vacancy}
    end
  end

  local last = redis.call('GET', counter)
  local at = milliseconds()
  if not record and (watched ~= '' or last) then
    -- A leader that resigned leaves its entry behind: this one was deleted, and its leader may not know that yet. Whoever
    -- is entered meanwhile, or has the entry deleted again, has the time begin anew, for all who wait.
    redis.call('SET', election, '? ' .. at)
    missingSince = at
  end
  if missingSince then
    local wait = left(election, '? ', missingSince, vacancy)
    if wait > 0 then
      return {'wait', string.format('%.0f', wait)}
    end
  elseif not record and ARGV[5] ~= '0' then
    -- One of several servers, that knows of no leader: because there is none, or because it was emptied a moment ago.
    redis.call('SET', since, at, 'NX')
    local wait = left(since, '', redis.call('GET', since), ARGV[5])
    if wait > 0 then
      return {'fresh', string.format('%.0f', wait)}
    end
  end

  -- Above the last one, above all that the claimant has seen, and not behind the clock: what a lost counter, or a
  -- replica that was promoted, has forgotten had been issued before now.
  local token = string.format('%.0f', math.max(tonumber(last or '0') + 1, tonumber(highest) + 1, tonumber(at)))
  redis.call('SET', counter, token)

  redis.call('SET', election, table.concat({ARGV[1], id, token, at, candidate}, ' '))
  confirm(candidate)
  elected[#elected + 1] = name .. ' ' .. token
  return {'won', token, at}
end

local answers = {}
for i = 0, #KEYS / 2 - 2 do
  -- One that fails, as on a key of another type, does not fail the others.
  local isDecided, answer = pcall(decide, KEYS[2 * i + 3], KEYS[2 * i + 4], unpack(ARGV, 7 * i + 6, 7 * i + 12))
  answers[i + 1] = isDecided and answer or {'error', type(answer) == 'table' and answer.err or answer}
end
-- One of several servers tells when they have agreed.
if #elected > 1 and ARGV[5] == '0' then
  redis.call('PUBLISH', ARGV[4], table.concat(elected, ' '))
end
return answers
