-- KEYS: schema, fence, pointers, generations, events, body, log of changes, state of the log,
--       then one per step of history.
-- ARGV: schema, set-aside prefix, fence, provider, snapshot id, previous id, body,
--       entries for the log (each: number of changes, length, bytes), seconds that old bodies
--       are kept, bounds of the log (milliseconds, changes, bytes),
--       then four words for each step of history, and last the number of steps:
--         'append', head, record, seconds to keep or 0; 'replace', history, '', the same
--         'facts', offer id, facts, ''; 'flag', offer id, '1' or '0', ''; 'watched', spans, '', ''
--         'sweep', prefix of histories, '', ''

local GENERATIONS, DROPPED_AT_ONCE = 3, 1000

own(KEYS[2], 'string')
own(KEYS[3], 'hash')
own(KEYS[4], 'list')
own(KEYS[5], 'stream')
own(KEYS[7], 'stream')
own(KEYS[8], 'hash')

if is_fenced(KEYS[2], ARGV[3]) then
  return answer('fenced')
end
if (redis.call('HGET', KEYS[3], ARGV[4]) or '') ~= ARGV[6] then
  return answer('outdated')
end

claim_schema()
claim_fence(KEYS[2], ARGV[3])
redis.call('SET', KEYS[6], ARGV[7])
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])

-- Appends entries to the log of changes, then drops the oldest that are beyond a bound.
local function append_changes(log, state, framed, bounds)
  local kept_for, most, most_bytes = string.match(bounds, '^(%d+) (%d+) (%d+)$')
  local held = redis.call('HMGET', state, 'changes', 'bytes', 'dropped')
  local changes, bytes, dropped = tonumber(held[1]) or 0, tonumber(held[2]) or 0, held[3]
  local is_lost = held[1] and redis.call('EXISTS', log) == 0
  local at, id = 1, nil
  while at <= #framed do
    local count, size = struct.unpack('>I4I4', framed, at)
    id = redis.call('XADD', log, '*', 'count', count, 'body', string.sub(framed, at + 8, at + 7 + size))
    changes, bytes, at = changes + count, bytes + size, at + 8 + size
  end
  local now = tonumber(string.match(id, '^%d+'))
  if is_lost then
    -- Somebody removed the log: whoever read it up to somewhere has missed something.
    changes, bytes, dropped = 0, 0, string.format('%.0f-0', now - 1)
    for _, entry in ipairs(redis.call('XRANGE', log, '-', '+')) do
      changes, bytes = changes + tonumber(entry[2][2]), bytes + #entry[2][4]
    end
  end
  for _ = 1, DROPPED_AT_ONCE do
    local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    local is_young = tonumber(string.match(oldest[1], '^%d+')) >= now - tonumber(kept_for)
    local fits = changes <= tonumber(most) and bytes <= tonumber(most_bytes)
    if oldest[1] == id or (is_young and fits) then
      break
    end
    redis.call('XDEL', log, oldest[1])
    dropped = oldest[1]
    changes, bytes = changes - tonumber(oldest[2][2]), bytes - #oldest[2][4]
  end
  redis.call('HSET', state, 'changes', string.format('%.0f', changes), 'end', id,
    'bytes', string.format('%.0f', bytes), 'dropped', dropped or '0-0')
end

if ARGV[8] ~= '' then
  append_changes(KEYS[7], KEYS[8], ARGV[8], ARGV[10])
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

-- The steps are counted from the end, wherever the other arguments end.
local steps = tonumber(ARGV[#ARGV])
for i = 1, steps do
  local key, at = KEYS[#KEYS - steps + i], #ARGV - 4 * (steps - i + 1)
  local verb, first, second, third = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if verb == 'append' or verb == 'replace' then
    own(key, 'string')
    if verb == 'replace' then
      redis.call('SET', key, first)
    elseif second ~= '' then
      redis.call('SETRANGE', key, 0, first)
      redis.call('APPEND', key, second)
    end
    if third ~= '0' then
      redis.call('EXPIRE', key, third)
    else
      redis.call('PERSIST', key)
    end
  elseif verb == 'facts' then
    own(key, 'hash')
    if redis.call('HGET', key, first) ~= second then
      redis.call('HSET', key, first, second)
    end
  elseif verb == 'flag' then
    own(key, 'set')
    redis.call(second == '1' and 'SADD' or 'SREM', key, first)
  elseif verb == 'watched' then
    own(key, 'string')
    redis.call('SET', key, first)
  elseif verb == 'sweep' then
    -- Histories expire by themselves; their facts leave a few at a time.
    for _, id in ipairs(redis.call('HRANDFIELD', key, 8)) do
      if redis.call('EXISTS', first .. id) == 0 then
        redis.call('HDEL', key, id)
      end
    end
  end
end
return answer('published')
