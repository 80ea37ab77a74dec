-- KEYS: schema, lease. ARGV: schema, set-aside prefix, "fence holder".

own(KEYS[2], 'string')
if redis.call('GET', KEYS[2]) ~= ARGV[3] then
  return answer('lost')
end
redis.call('DEL', KEYS[2])
return answer('released')
