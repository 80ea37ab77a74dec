-- KEYS: schema, fence, model prices. ARGV: schema, set-aside prefix, fence, source, book.

own(KEYS[2], 'string')
own(KEYS[3], 'hash')
if is_fenced(KEYS[2], ARGV[3]) then
  return answer('fenced')
end
claim_schema()
claim_fence(KEYS[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
return answer('published')
