-- Adds what one process has counted since its last push to the totals of all, once however often it is sent.
-- KEYS: the totals (a hash), the processes (a hash).
-- ARGV: the process, the push's number, what it says of itself ('' = it ends), then for each figure: its field, how much more.
--
-- A process is "<its last push's number> <when, by this clock> <what it says>". Those that said nothing for a day are forgotten.
-- Gives 1 where the process was known before and is not here: what it has told of is not in the totals any more.
--
-- Redis may come back with an older copy. A total that falls by a little is taken for one that began anew, and counted whole, so
-- that copy is thrown away: by a process that is further than it, or, where all are new, by the first of them.
local totals, processes = KEYS[1], KEYS[2]
local process, number = ARGV[1], tonumber(ARGV[2])
local now = tonumber(redis.call('TIME')[1])

local stored = redis.call('HGET', processes, process)
local last = stored and tonumber(string.match(stored, '^%d+'))
local older = last and last < number - 1
if number == 1 and not last then
  older = true
  local all = redis.call('HGETALL', processes)
  for i = 1, #all, 2 do
    local said, lives = string.match(all[i + 1], '^%d+ (%d+) (.?)')
    if tonumber(said) < now - 86400 then redis.call('HDEL', processes, all[i]) end
    -- As long as reading.py takes it for alive.
    if lives ~= '' and tonumber(said) >= now - 10 then older = false end
  end
end
if older then
  redis.call('DEL', totals, processes)
  last = nil
end
if last ~= number then
  for i = 4, #ARGV, 2 do redis.call('HINCRBYFLOAT', totals, ARGV[i], ARGV[i + 1]) end
end
redis.call('HSET', processes, process, number .. ' ' .. now .. ' ' .. ARGV[3])
return (number > 1 and not last) and 1 or 0
