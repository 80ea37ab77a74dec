-- KEYS: schema, lease, fence. ARGV: schema, set-aside prefix, holder, length in milliseconds.

own(KEYS[2], 'string')
own(KEYS[3], 'string')
local held = redis.call('GET', KEYS[2])
if held then
  local fence, holder = string.match(held, '^(%d+) (.*)$')
  if holder == ARGV[3] then
    redis.call('PEXPIRE', KEYS[2], ARGV[4])
    return answer('held', fence)
  end
  return answer('taken')
end

-- The time keeps the token growing even when a failover lost the last one.
local now = redis.call('TIME')
local milliseconds = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local last = tonumber(redis.call('GET', KEYS[3]) or '') or 0
local token = string.format('%.0f', math.max(last + 1, milliseconds))
claim_schema()
redis.call('SET', KEYS[3], token)
redis.call('SET', KEYS[2], token .. ' ' .. ARGV[3], 'PX', ARGV[4])
return answer('held', token)
