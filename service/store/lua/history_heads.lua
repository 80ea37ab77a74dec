-- What a publisher has to know of the history before it adds to it.
-- KEYS: schema, watched, provisional offers.
-- ARGV: schema, set-aside prefix, prefix of histories, bytes of a head, then offer ids.
-- Answers the watched spans, the provisional offers, and the head and size of the history of each
-- offer named and then of each provisional one.

local FIRST_ID = 5

own(KEYS[2], 'string')
own(KEYS[3], 'set')

local heads = {}
local function look_at(id)
  local key = ARGV[3] .. id
  own(key, 'string')
  local size = redis.call('STRLEN', key)
  table.insert(heads, size > 0 and redis.call('GETRANGE', key, 0, ARGV[4] - 1) or '')
  table.insert(heads, size)
end

local provisional = redis.call('SMEMBERS', KEYS[3])
for i = FIRST_ID, #ARGV do
  look_at(ARGV[i])
end
for _, id in ipairs(provisional) do
  look_at(id)
end
return answer('heads', { redis.call('GET', KEYS[2]) or '', provisional, heads })
