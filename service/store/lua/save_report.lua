-- KEYS: schema, reports of one GPU model.
-- ARGV: schema, set-aside prefix, provider and a line feed, the rest of the report, its second,
--       the oldest second kept, reports kept of each provider, seconds to keep.

own(KEYS[2], 'zset')
claim_schema()
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[3] .. ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[6])
local kept = tonumber(ARGV[7])
if redis.call('ZCARD', KEYS[2]) > kept then
  local of_provider = 0
  for _, report in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1, 'REV')) do
    if string.sub(report, 1, #ARGV[3]) == ARGV[3] then
      of_provider = of_provider + 1
      if of_provider > kept then
        redis.call('ZREM', KEYS[2], report)
      end
    end
  end
end
redis.call('EXPIRE', KEYS[2], ARGV[8])
return answer('saved')
