-- Decides claims under one lease, in their order: lets each claimant lead if nobody does, and issues the fencing token.
-- Where several servers decide, it is given a vote instead, which is no leadership until raise.lua makes it one.
-- KEYS  1 the claimants' lease, 2 since when the server has its data, then for each claim the election, its token counter, and
--       the lease of its holder, as far as the claimant knows it
-- ARGV  1 lease id, 2 lease in ms, 3 channel, 4 '1' if this is one of several servers, then for each claim:
--       1 claim id, 2 candidate, 3 election name, 4 '1' if the lease must exist, 5 lease that the claimant believes alive
--       or '', 6 highest token it has seen, 7 for how many ms an entry must be missing before somebody may lead, 8 the holder's
--       lease, 9 '1' if the claimant knows by a clock of its own that this one has run out
-- Returns the answers in the same order.
local lease, since, isOneOfSeveral = KEYS[1], KEYS[2], ARGV[4] == '1'
local isConfirmed, now, run = false, nil, nil
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

-- How long this server may yet have forgotten a leader: since it was emptied, or restarted with what it had on disk.
local function quarantine(duration)
  run = run or string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  local marked, began = string.match(redis.call('GET', since) or '', '^(%S+) (%d+)$')
  if marked ~= run then
    redis.call('SET', since, run .. ' ' .. milliseconds())
    return duration
  end
  return left(since, run .. ' ', began, duration)
end

local function decide(election, counter, holdersLease, id, candidate, name, mustExist, watched, highest, vacancy, holder, isOver)
  if mustExist == '1' and not isConfirmed and redis.call('EXISTS', lease) == 0 then
    return {'lease-gone'}
  end

  local count = redis.call('GET', counter)
  local last, leadersLease = string.match(count or '0', '^(%d+) ?(%d*)$')
  if not last then
    return {'foreign', counter}
  end
  -- The last leader may have had a longer lease than the claimant: it is what a leader may believe of whom nothing else is left.
  vacancy = math.max(tonumber(vacancy), tonumber(leadersLease) or 0)

  local record = redis.call('GET', election)
  local missingSince = record and string.match(record, '^%? (%d+)$')
  if record and not missingSince and string.sub(record, 1, 2) ~= '- ' then
    local text = string.sub(record, 1, 2) == '+ ' and string.sub(record, 3) or record
    local holds, claim, token, at, leader = string.match(text, '^(%S+) (%S+) (%d+) (%d+) (%S+)$')
    if not holds then
      return {'foreign', election}
    end
    if holds == ARGV[1] and claim == id then
      -- Won before; the reply was lost.
      confirm(candidate)
      return {'won', token, at}
    end
    if holds == ARGV[1] then
      holdersLease = lease
    elseif holds ~= holder then
      return {'look', holds}
    end
    local runs = redis.call('PTTL', holdersLease)
    local longest = tonumber(leadersLease)
    if longest and runs > longest then
      -- Longer than it was asked for: the clock was set back.
      redis.call('PEXPIRE', holdersLease, longest)
      runs = longest
    end
    if runs > 0 then
      return {'held', leader, token, at, holds, runs}
    end
    if holds == watched then
      return {'wait', vacancy}
    end
    if holds == holder and isOver ~= '1' then
      -- By this server's clock, which may have jumped; what counts is a clock that cannot.
      return {'vacant', holds, longest or vacancy}
    end
  end

  local at = milliseconds()
  if not record and (watched ~= '' or count) then
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
  end
  if isOneOfSeveral then
    local wait = quarantine(vacancy)
    if wait > 0 then
      return {'fresh', string.format('%.0f', wait)}
    end
  end

  -- Above the last one, above all that the claimant has seen, and not behind the clock: what a lost counter, or a
  -- replica that was promoted, has forgotten had been issued before now.
  local token = string.format('%.0f', math.max(last + 1, highest + 1, tonumber(at)))
  redis.call('SET', counter, token .. ' ' .. ARGV[2])

  local entry = table.concat({ARGV[1], id, token, at, candidate}, ' ')
  if isOneOfSeveral then
    -- Of one that ends before it gives the vote back, nothing stays.
    redis.call('SET', election, '+ ' .. entry, 'PX', ARGV[2])
  else
    redis.call('SET', election, entry)
  end
  confirm(candidate)
  elected[#elected + 1] = name .. ' ' .. token
  return {'won', token, at}
end

local answers = {}
for i = 0, (#KEYS - 2) / 3 - 1 do
  -- One that fails, as on a key of another type, does not fail the others.
  local isDecided, answer = pcall(decide, KEYS[3 * i + 3], KEYS[3 * i + 4], KEYS[3 * i + 5], unpack(ARGV, 9 * i + 5, 9 * i + 13))
  answers[i + 1] = isDecided and answer or {'error', type(answer) == 'table' and answer.err or answer}
end
-- One of several servers tells when they have agreed.
if #elected > 1 and not isOneOfSeveral then
  redis.call('PUBLISH', ARGV[3], table.concat(elected, ' '))
end
return answers
