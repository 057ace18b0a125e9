-- Keeps a log alive for a writer that has nothing to say, and returns the stop flag.
-- KEYS: the log, the stop flag. ARGV: fence, the writer's last cursor ('' = whichever), TTL in seconds.
-- Returns {status, stop}.
local log = KEYS[1]
local fence, after = tonumber(ARGV[1]), ARGV[2]

local stored = redis.call('HMGET', log, 'epoch', 'fence', 'closed', 'seq')
if stored[1] and fence < tonumber(stored[2]) then return {'fenced'} end
if after ~= '' and after ~= (stored[1] or '') .. '.' .. (stored[4] or '') then return {'lost'} end
if stored[3] then return {'closed'} end

redis.call('EXPIRE', log, ARGV[3])
local stop = tonumber(redis.call('GET', KEYS[2]) or '-1')
return {'ok', stop >= fence and 1 or 0}
