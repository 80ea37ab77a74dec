-- KEYS: schema, fence, model prices. ARGV: schema, set-aside prefix, fence, source, book.

own(KEYS[2], 'string')
own(KEYS[3], 'hash')
local fence, seen = tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[2]) or '') or 0
if fence < seen then
  return answer('fenced')
end
claim_schema()
if fence > seen then
  redis.call('SET', KEYS[2], ARGV[3])
end
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
return answer('published')
