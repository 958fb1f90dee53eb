-- Gives back an election, a lease, or both.
-- KEYS  1 lease, 2 election, 3 its token counter (both absent when only the lease ends)
-- ARGV  1 lease id, 2 '1' if the lease ends, 3 channel; '' tells nobody, 4 claim id, 5 token (0 if unknown), 6 election name
if KEYS[2] then
  local record = redis.call('GET', KEYS[2])
  local mine = ARGV[1] .. ' ' .. ARGV[4] .. ' '
  local isMine = record and string.sub(record, 1, #mine) == mine
  if not isMine and (not record or string.sub(record, 1, 2) == '? ') and ARGV[5] ~= '0' then
    -- A leader whose entry was deleted says so too: those who wait it out need not wait longer. Unless they wait out a later one.
    isMine = tonumber(redis.call('GET', KEYS[3]) or '0') <= tonumber(ARGV[5])
  end
  if isMine then
    redis.call('SET', KEYS[2], '- ' .. ARGV[5])
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
