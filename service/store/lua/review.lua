-- KEYS: schema, reviews.
-- ARGV: schema, set-aside prefix, quarantine id, review, the review that it replaces ('' for none).

own(KEYS[2], 'hash')

if (redis.call('HGET', KEYS[2], ARGV[3]) or '') ~= ARGV[5] then
  return answer('reviewed')
end

claim_schema()
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
return answer('kept')
