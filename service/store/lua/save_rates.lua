-- KEYS: schema, fence, rates. ARGV: schema, set-aside prefix, fence, rates.

own(KEYS[2], 'string')
own(KEYS[3], 'string')
local fence, seen = tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[2]) or '') or 0
if fence < seen then
  return answer('fenced')
end
claim_schema()
if fence > seen then
  redis.call('SET', KEYS[2], ARGV[3])
end
redis.call('SET', KEYS[3], ARGV[4])
return answer('published')
