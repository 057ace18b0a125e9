-- Publishes one frame: checks, writes the retained ops, publishes, and returns the stop flag.
-- KEYS: the log (a hash; also the name of the channel), the stop flag.
-- ARGV: fence, the writer's last cursor ('' = whichever), epoch for a new log, reset (0/1), close (0/1), TTL in seconds,
--       the writer's clock in ms, then for each op: action, target, the op as JSON.
-- Returns {status, epoch, seq, stop}.
-- The message is "<epoch> <seq> <flags> <the writer's clock in ms> <the ops as a JSON array>".
--
-- Fields of the hash: epoch seq fence closed, and one for each retained op:
--   r:<target> its replace      u:<target> its update (u: alone is the notice)
--   a:<target>:<i> its appends, n:<target> how many      s:<seq>:<i> what nothing supersedes
-- The value of an op is "<seq> <place in its frame> <JSON>". retained.py holds the same rule for the web processes.
local log = KEYS[1]
local fence, after, reset, close = tonumber(ARGV[1]), ARGV[2], ARGV[4] == '1', ARGV[5] == '1'

local stored = redis.call('HMGET', log, 'epoch', 'fence', 'closed', 'seq')
if stored[1] and fence < tonumber(stored[2]) then return {'fenced'} end
-- Gone, begun anew, or, after a crash of Redis, an older copy, whose next seqs viewers have seen already. Asked before
-- `closed`: the copy may be of an earlier attempt's end, which this writer has opened again and must open once more.
if after ~= '' and not reset and after ~= (stored[1] or '') .. '.' .. (stored[4] or '') then return {'lost'} end
-- A later attempt that starts over opens a closed stream again.
if stored[3] and not (reset and fence > tonumber(stored[2])) then return {'closed'} end

-- An epoch is one beginning of the log: whatever viewers know by the seqs before it is void. The seqs go on all
-- the same, so that a hub which has the frame before may take this one without reading the log.
local begins = reset or not stored[1]
local seq = tonumber(stored[4] or '0') + 1
local epoch = begins and ARGV[3] or stored[1]
if reset then redis.call('UNLINK', log) end  -- its fields are freed beside: 0.1 ms that nobody waits for
redis.call('HSET', log, 'epoch', epoch, 'seq', seq, 'fence', fence)
if close then redis.call('HSET', log, 'closed', 1) end

-- Every append is dropped at most once, so an op costs the same whatever has gone before.
local function drop_appends(target)
  local count = tonumber(redis.call('HGET', log, 'n:' .. target) or '0')
  for i = 1, count do redis.call('HDEL', log, 'a:' .. target .. ':' .. i) end
  redis.call('HDEL', log, 'n:' .. target)
end

local ops = {}
for i = 1, (#ARGV - 7) / 3 do
  local action, target, op = ARGV[3 * i + 5], ARGV[3 * i + 6], ARGV[3 * i + 7]
  local value = seq .. ' ' .. (i - 1) .. ' ' .. op
  ops[i] = op
  if action == 'append' then
    local n = redis.call('HINCRBY', log, 'n:' .. target, 1)
    redis.call('HSET', log, 'a:' .. target .. ':' .. n, value)
  elseif action == 'update' or action == 'notice' then
    drop_appends(target)
    redis.call('HSET', log, 'u:' .. target, value)
  elseif action == 'replace' then
    drop_appends(target)
    redis.call('HDEL', log, 'u:' .. target)
    redis.call('HSET', log, 'r:' .. target, value)
  else
    if action == 'remove' then
      drop_appends(target)
      redis.call('HDEL', log, 'u:' .. target, 'r:' .. target)
    end
    redis.call('HSET', log, 's:' .. seq .. ':' .. i, value)
  end
end

redis.call('EXPIRE', log, ARGV[6])
local flags = (begins and 'r' or '') .. (close and 'c' or '') .. '-'
redis.call('PUBLISH', log, epoch .. ' ' .. seq .. ' ' .. flags .. ' ' .. ARGV[7] .. ' [' .. table.concat(ops, ',') .. ']')
-- A stop is meant for the attempt that ran when it was asked for, and for those before it.
local stop = tonumber(redis.call('GET', KEYS[2]) or '-1')
return {'ok', epoch, seq, stop >= fence and 1 or 0}
