-- KEYS: schema, run, open runs, requests, index, index of the provider.
-- ARGV: schema, set-aside prefix, prefix of run keys, run id, run, provider, milliseconds to keep,
--       now, milliseconds until which the run counts as open (0: it has ended), '1' for a request.
-- Times are milliseconds of the caller's clock, which also wrote the times in the runs.

local REQUESTS_KEPT, RUNS_INDEXED, LOOKED_AT = 1000, 100000, 10

own(KEYS[2], 'string')
own(KEYS[3], 'hash')
own(KEYS[4], 'list')
own(KEYS[5], 'zset')
own(KEYS[6], 'zset')

local open = redis.call('HGET', KEYS[3], ARGV[6])
local open_until, open_id = string.match(open or '', '^(%d+) (.*)$')
if ARGV[10] == '1' and open_id and tonumber(open_until) > tonumber(ARGV[8]) then
  local key = ARGV[3] .. open_id
  own(key, 'string')
  local run = redis.call('GET', key)
  if run then
    return answer('open', run)
  end
end

claim_schema()
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[7])
if ARGV[9] ~= '0' then
  redis.call('HSET', KEYS[3], ARGV[6], ARGV[9] .. ' ' .. ARGV[4])
elseif open_id == ARGV[4] then
  redis.call('HDEL', KEYS[3], ARGV[6])
end
for _, index in ipairs({ KEYS[5], KEYS[6] }) do
  redis.call('ZADD', index, 0, ARGV[4])
  -- Runs expire by themselves; their ids leave the old end of the index a few at a time.
  for _, id in ipairs(redis.call('ZRANGE', index, 0, LOOKED_AT - 1)) do
    if redis.call('EXISTS', ARGV[3] .. id) == 0 then
      redis.call('ZREM', index, id)
    end
  end
  redis.call('ZREMRANGEBYRANK', index, 0, -(RUNS_INDEXED + 1))
end
if ARGV[10] == '1' then
  redis.call('RPUSH', KEYS[4], ARGV[4])
  redis.call('LTRIM', KEYS[4], -REQUESTS_KEPT, -1)
end
return answer('saved')
