-- KEYS: schema, lease. ARGV: schema, set-aside prefix, "fence holder", length in milliseconds.

own(KEYS[2], 'string')
if redis.call('GET', KEYS[2]) ~= ARGV[3] then
  return answer('lost')
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return answer('held')
