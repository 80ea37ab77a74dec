-- KEYS: schema, fence, quarantine, reviews.
-- ARGV: schema, set-aside prefix, fence, provider, entries, then the ids whose reviews go.

own(KEYS[2], 'string')
own(KEYS[3], 'hash')
own(KEYS[4], 'hash')

if is_fenced(KEYS[2], ARGV[3]) then
  return answer('fenced')
end

claim_schema()
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
for i = 6, #ARGV do
  redis.call('HDEL', KEYS[4], ARGV[i])
end
return answer('published')
