-- KEYS: schema, statuses, events. ARGV: schema, set-aside prefix, then provider and status in turn.

own(KEYS[2], 'hash')
own(KEYS[3], 'stream')
claim_schema()
for i = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
end
add_event(KEYS[3], 'kind', 'status')
return answer('registered')
