-- KEYS: schema, quote, its head, index, request id (not looked at without a digest).
-- ARGV: schema, set-aside prefix, prefix of quotes, quote id, quote, head, milliseconds to keep,
--       digest of the request or '', milliseconds to keep the request id.

local LOOKED_AT = 10
-- Quotes are kept for years: the last quarter of the memory is for prices, history and changes.
local SHARE_FOR_QUOTES = 0.75

own(KEYS[2], 'string')
own(KEYS[3], 'string')
own(KEYS[4], 'zset')
if ARGV[8] ~= '' then
  own(KEYS[5], 'string')
  local standing = redis.call('GET', KEYS[5])
  local id = string.match(standing or '', '^%x+ (.+)$')
  if id and redis.call('EXISTS', ARGV[3] .. id) == 1 then
    return answer('standing', standing)
  end
end

local memory = redis.call('INFO', 'memory')
local used = tonumber(string.match(memory, 'used_memory:(%d+)'))
local most = tonumber(string.match(memory, 'maxmemory:(%d+)'))
if most > 0 and used + #ARGV[5] + #ARGV[6] > most * SHARE_FOR_QUOTES then
  return answer('full', string.format('%.0f of %.0f', used, most))
end

claim_schema()
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[7])
redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[7])
redis.call('ZADD', KEYS[4], 0, ARGV[4])
if ARGV[8] ~= '' then
  redis.call('SET', KEYS[5], ARGV[8] .. ' ' .. ARGV[4], 'PX', ARGV[9])
end
-- Quotes expire by themselves; their ids leave the old end of the index a few at a time.
for _, id in ipairs(redis.call('ZRANGE', KEYS[4], 0, LOOKED_AT - 1)) do
  if redis.call('EXISTS', ARGV[3] .. id) == 0 then
    redis.call('ZREM', KEYS[4], id)
  end
end
return answer('created')
