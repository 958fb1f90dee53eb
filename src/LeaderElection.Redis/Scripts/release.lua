-- Gives back an election, a lease, or both.
-- KEYS  1 lease, 2 election, 3 its token counter (both absent when only the lease ends)
-- ARGV  1 lease id, 2 '1' if the lease ends, 3 channel; '' tells nobody, 4 claim id, 5 token (0 if unknown), 6 election name
if KEYS[2] then
  local record = redis.call('GET', KEYS[2])
  local mine, token = ARGV[1] .. ' ' .. ARGV[4] .. ' ', ARGV[5]
  local isMine = record and (string.sub(record, 1, #mine) == mine or string.sub(record, 1, #mine + 2) == '+ ' .. mine)
  if isMine and token == '0' and string.sub(record, 1, 2) ~= '+ ' then
    -- With a vote nobody led; with an entry somebody may have, and is not entered again.
    token = string.match(record, '^%S+ %S+ (%d+)')
  end
  if not isMine and (not record or string.sub(record, 1, 2) == '? ') and token ~= '0' then
    -- A leader whose entry was deleted says so too: those who wait it out need not wait longer. Unless they wait out a later one.
    isMine = tonumber(string.match(redis.call('GET', KEYS[3]) or '0', '^%d+')) <= tonumber(token)
  end
  if isMine then
    redis.call('SET', KEYS[2], '- ' .. token)
    if ARGV[3] ~= '' then
      redis.call('PUBLISH', ARGV[3], 'released ' .. ARGV[6])
    end
  end
end
if ARGV[2] == '1' then
  redis.call('DEL', KEYS[1])
  -- Where an election was given back, its followers know already, and there are no others.
  if not KEYS[2] then
    redis.call('PUBLISH', ARGV[3], 'ended ' .. ARGV[1])
  end
end
return 1
