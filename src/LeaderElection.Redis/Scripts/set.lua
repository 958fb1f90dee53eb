-- Sets a key of the user's while the leadership holds.
-- KEYS  1 election, 2 lease, 3 the key
-- ARGV  1 the election's entry under this leadership, 2 the value
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 0 then
  return 0
end
redis.call('SET', KEYS[3], ARGV[2])
return 1
