-- Put before every other script. KEYS[1] is the schema key, ARGV[1] our schema version, ARGV[2] the
-- prefix of keys that are set aside.
-- A script is not rolled back, so each one checks everything before it writes.

local set_aside = {}

-- A key of ours that holds another type was written by somebody else: move it out of the way.
local function own(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= kind then
    local name = ARGV[2] .. key
    redis.call('RENAME', key, name)
    redis.call('EXPIRE', name, 604800)
    table.insert(set_aside, key)
  end
end

local function answer(outcome, value)
  return { outcome, value or '', set_aside }
end

own(KEYS[1], 'string')
local schema = tonumber(redis.call('GET', KEYS[1]) or '') or 0
if schema > tonumber(ARGV[1]) then
  return answer('newer', tostring(schema))
end

local function claim_schema()
  if schema < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], ARGV[1])
  end
end

local function highest_fence(key)
  return tonumber(redis.call('GET', key) or '') or 0
end

-- A leader that was followed may not write any more: a higher fencing token has been seen.
local function is_fenced(key, token)
  return tonumber(token) < highest_fence(key)
end

local function claim_fence(key, token)
  if tonumber(token) > highest_fence(key) then
    redis.call('SET', key, token)
  end
end

-- About a million events or 30 days, whichever is less; "~" trims in whole nodes, which is cheap.
local function add_event(stream, ...)
  local id = redis.call('XADD', stream, 'MAXLEN', '~', '1000000', '*', ...)
  local milliseconds = tonumber(string.match(id, '^%d+'))
  redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', milliseconds - 2592000000))
end
