-- KEYS: schema, fence, rates. ARGV: schema, set-aside prefix, fence, rates.

own(KEYS[2], 'string')
own(KEYS[3], 'string')
if is_fenced(KEYS[2], ARGV[3]) then
  return answer('fenced')
end
claim_schema()
claim_fence(KEYS[2], ARGV[3])
redis.call('SET', KEYS[3], ARGV[4])
return answer('published')
