/**
 * One message to the authority, applied as a whole: the same steps as the authority in memory, which a test compares message
 * by message. One hash per account; `t:` taken, `s:` settled, `i:` idle, `x:` lease end and `h:` end of its reservations by replica, `v` level and `a` its
 * instant of a bucket, `n` noted. Numbers go back as text: Lua would cut them to whole ones.
 *
 * KEYS[1] last sequence number of the replica, KEYS[2…] accounts. ARGV[1] message, ARGV[2] instant or empty for Redis's own
 * clock: so the clocks of the replicas do not matter.
 */
export const SCRIPT = `
local m = cjson.decode(ARGV[1])
local now = tonumber(ARGV[2])
if not now then
  local t = redis.call('TIME')
  now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local EPSILON = 1e-6
local INF = math.huge
local function text(x)
  if x == INF then return 'inf' end
  return string.format('%.17g', x)
end

local last = tonumber(redis.call('GET', KEYS[1]) or '0')
if m.seq <= last then return redis.error_reply('OVERTAKEN by a later message') end
redis.call('SET', KEYS[1], m.seq, 'PX', 3600000)

local here = {}
for i, report in ipairs(m.accounts) do
  local key = KEYS[i + 1]
  local flat = redis.call('HGETALL', key)
  local me = report.as
  local a = { key = key, me = me, bucket = report.kind == 'bucket', rate = report.rate, capacity = report.capacity,
    limit = report.limit or INF, ends = report.endsAt or INF, slack = report.slack or INF,
    keep = report.keepMs, taken = {}, settled = {}, idle = {}, till = {}, held = {}, level = report.capacity, at = now, noted = 0, granted = 0 }
  for f = 1, #flat, 2 do
    local name, value = flat[f], tonumber(flat[f + 1])
    local kind, who = string.sub(name, 1, 2), string.sub(name, 3)
    if kind == 't:' then a.taken[who] = value
    elseif kind == 's:' then a.settled[who] = value
    elseif kind == 'i:' then a.idle[who] = value
    elseif kind == 'x:' then a.till[who] = value
    elseif kind == 'h:' then a.held[who] = value
    elseif name == 'v' then a.level = value
    elseif name == 'a' then a.at = value
    elseif name == 'n' then a.noted = value end
  end
  a.changed = {}
  for who, till in pairs(a.till) do
    if till < now and a.idle[who] ~= 0 then
      if not a.bucket then a.taken[who] = a.taken[who] - a.idle[who] end
      a.idle[who] = 0
      a.changed[who] = true
    end
    if a.held[who] < now and not a.bucket and a.taken[who] ~= a.settled[who] then
      a.taken[who] = a.settled[who]
      a.changed[who] = true
    end
    if a.held[who] < now - 3600000 and a.bucket and who ~= me then
      redis.call('HDEL', key, 't:' .. who, 's:' .. who, 'i:' .. who, 'x:' .. who, 'h:' .. who)
      for _, list in ipairs({ a.taken, a.settled, a.idle, a.till, a.held, a.changed }) do list[who] = nil end
    end
  end
  local before = a.taken[me]
  if a.bucket then
    a.level = math.min(a.capacity, a.level + a.rate * math.max(0, now - a.at))
    a.at = now
    if before then a.level = math.min(a.capacity, a.level - (report.taken - before)) end
  end
  a.taken[me], a.settled[me], a.idle[me] = report.taken, report.settled, report.idle
  a.till[me] = now + m.leaseMs
  a.held[me] = now + math.max(m.leaseMs, report.holdMs)
  a.changed[me] = true
  here[i] = a
end

local function sum(list)
  local total = 0
  for _, value in pairs(list) do total = total + value end
  return total
end
local function left(a)
  if a.bucket then return a.level end
  return a.limit - a.noted - sum(a.taken)
end
local function give(a, amount)
  a.taken[a.me] = a.taken[a.me] + amount
  if a.bucket then a.level = a.level - amount end
end
for i, report in ipairs(m.accounts) do
  local a = here[i]
  if report.lower then
    if a.bucket then a.level = math.min(a.level, report.lower)
    elseif a.limit ~= INF then a.noted = math.max(a.noted, a.limit - report.lower - sum(a.taken)) end
  end
end
local function wait(a, amount, leave)
  if a.bucket then
    local short = math.min(amount + leave, a.capacity) - a.level
    if short <= EPSILON then return 0 end
    return math.max(1, math.ceil(short / a.rate - EPSILON))
  end
  local need = math.min(amount + leave, a.limit)
  if need <= left(a) then return 0 end
  local rest = a.ends == INF and INF or math.max(1, a.ends - now)
  if sum(a.settled) + a.noted + need <= a.limit then return math.min(1000, rest) end
  return rest
end

local reply = {}
local decisions = {}
for w, claims in ipairs(m.wants) do
  decisions[w] = { '1', '0', '0' }
  for k, claim in ipairs(claims) do
    local ms = wait(here[claim[1] + 1], claim[2], claim[3])
    if ms == 0 then
      give(here[claim[1] + 1], claim[2])
    else
      for j = 1, k - 1 do give(here[claims[j][1] + 1], -claims[j][2]) end
      decisions[w] = { '0', tostring(k - 1), text(ms) }
      break
    end
  end
end
for i, report in ipairs(m.accounts) do
  local a = here[i]
  local half = a.bucket and (a.level - a.capacity / 2) or (left(a) / 2)
  local extra = math.max(0, math.floor(math.min(report.wish, a.slack - sum(a.idle), half)))
  give(a, extra)
  a.idle[a.me] = a.idle[a.me] + extra
  local fields = {}
  for who in pairs(a.changed) do
    for kind, list in pairs({ ['t:'] = a.taken, ['s:'] = a.settled, ['i:'] = a.idle, ['x:'] = a.till, ['h:'] = a.held }) do
      fields[#fields + 1] = kind .. who
      fields[#fields + 1] = text(list[who])
    end
  end
  if a.bucket then
    for name, value in pairs({ v = a.level, a = a.at }) do
      fields[#fields + 1] = name
      fields[#fields + 1] = text(value)
    end
  elseif a.noted ~= 0 then
    fields[#fields + 1] = 'n'
    fields[#fields + 1] = text(a.noted)
  end
  redis.call('HSET', a.key, unpack(fields))
  if a.keep > 0 then redis.call('PEXPIRE', a.key, a.keep) else redis.call('PERSIST', a.key) end
  reply[#reply + 1] = text(extra)
  reply[#reply + 1] = text(left(a))
  reply[#reply + 1] = a.bucket and '0' or text(sum(a.settled))
end
for _, decision in ipairs(decisions) do
  for _, part in ipairs(decision) do reply[#reply + 1] = part end
end
return reply
`;
