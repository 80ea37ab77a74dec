-- KEYS: schema, fence, pointers, generations, events, body, changes, then one per point.
-- ARGV: schema, set-aside prefix, fence, provider, snapshot id, previous id, body, changes,
--       seconds that old bodies are kept, seconds that changes are kept,
--       bytes a point, points kept, seconds a delisted history is kept,
--       then a record and '1' for a delisting, for each point.

local FIRST_POINT_KEY, FIRST_POINT_ARG, GENERATIONS = 8, 14, 3

own(KEYS[2], 'string')
own(KEYS[3], 'hash')
own(KEYS[4], 'list')
own(KEYS[5], 'stream')

local fence, seen = tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[2]) or '') or 0
if fence < seen then
  return answer('fenced')
end
if (redis.call('HGET', KEYS[3], ARGV[4]) or '') ~= ARGV[6] then
  return answer('outdated')
end

claim_schema()
if fence > seen then
  redis.call('SET', KEYS[2], ARGV[3])
end
redis.call('SET', KEYS[6], ARGV[7])
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
if ARGV[8] ~= '' then
  redis.call('SET', KEYS[7], ARGV[8], 'EX', ARGV[10])
end
add_event(KEYS[5], 'kind', 'snapshot', 'provider', ARGV[4], 'snapshot', ARGV[5])

-- A reader that has just read the pointer must still find the body.
redis.call('LPUSH', KEYS[4], KEYS[6])
for _, old in ipairs(redis.call('LRANGE', KEYS[4], GENERATIONS, -1)) do
  if old ~= KEYS[6] then
    redis.call('EXPIRE', old, ARGV[9])
  end
end
redis.call('LTRIM', KEYS[4], 0, GENERATIONS - 1)

local size, kept = tonumber(ARGV[11]), tonumber(ARGV[12])
for i = FIRST_POINT_KEY, #KEYS do
  local key = KEYS[i]
  local arg = FIRST_POINT_ARG + 2 * (i - FIRST_POINT_KEY)
  local record = ARGV[arg]
  own(key, 'string')
  -- Nine bytes are price and availability: a point only where one of them moved.
  if redis.call('GETRANGE', key, -9, -1) ~= string.sub(record, -9) then
    local length = redis.call('APPEND', key, record)
    if length > 2 * kept * size then
      redis.call('SET', key, redis.call('GETRANGE', key, -kept * size, -1))
    end
  end
  if ARGV[arg + 1] == '1' then
    redis.call('EXPIRE', key, ARGV[13])
  else
    redis.call('PERSIST', key)
  end
end
return answer('published')
