-- KEYS: schema, fence, quarantine, reviews.
-- ARGV: schema, set-aside prefix, fence, provider, entries, then the ids whose reviews go.

own(KEYS[2], 'string')
own(KEYS[3], 'hash')
own(KEYS[4], 'hash')

local fence, seen = tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[2]) or '') or 0
if fence < seen then
  return answer('fenced')
end

claim_schema()
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
for i = 6, #ARGV do
  redis.call('HDEL', KEYS[4], ARGV[i])
end
return answer('published')
