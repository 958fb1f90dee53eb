-- Gives back an election, a lease, or both.
-- KEYS  1 lease, 2 election (absent when only the lease ends)
-- ARGV  1 lease id, 2 '1' if the lease ends, 3 channel, 4 claim id, 5 token (0 if unknown), 6 election name
if KEYS[2] then
  local record = redis.call('GET', KEYS[2])
  local mine = ARGV[1] .. ' ' .. ARGV[4] .. ' '
  -- A leader whose entry was deleted says so too: those who wait it out need not wait longer.
  if (record and string.sub(record, 1, #mine) == mine) or (not record and ARGV[5] ~= '0') then
    redis.call('SET', KEYS[2], '- ' .. ARGV[5])
    redis.call('PUBLISH', ARGV[3], 'released ' .. ARGV[6])
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
