import { script } from './line.ts';

/**
 * A claim is a hash with a lease: `f` what was asked, `t` the token of whoever asks, `s` whether it runs or is over. The answer is a
 * list of words beside it, under the token, so that whoever reads one never goes on in another. Redis's own clock alone counts.
 */

/** KEYS claim; ARGV fingerprint, token, lease. Nothing: it is ours. Else what stands there. */
export const CLAIM = script(`
local there = redis.call('HMGET', KEYS[1], 'f', 't', 's')
if there[2] then return there end
redis.call('HSET', KEYS[1], 'f', ARGV[1], 't', ARGV[2], 's', 'run')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return false
`);

/**
 * KEYS claim, words; ARGV fingerprint, token, ms to live, state, number of words said before, further words. The number of words
 * there are then; with fewer than were thought nothing is added, and with -1 the key is another's.
 */
export const TELL = script(`
local token = redis.call('HGET', KEYS[1], 't')
if token and token ~= ARGV[2] then return -1 end
local have = redis.call('LLEN', KEYS[2])
if have < tonumber(ARGV[5]) then return have end
if #ARGV > 5 then
  local words = {}
  for i = 6 + have - tonumber(ARGV[5]), #ARGV do words[#words + 1] = ARGV[i] end
  if #words > 0 then have = redis.call('RPUSH', KEYS[2], unpack(words)) end
end
if ARGV[4] == 'gone' then redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'f', ARGV[1], 't', ARGV[2], 's', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return have
`);

/**
 * KEYS claim, words; ARGV token, first word wanted, last. Nothing: neither words nor anybody who would say more. An answer that is
 * over ends with its last word, so one without it was evicted, and the claim on it is worth nothing.
 */
export const HEAR = script(`
local words = redis.call('LRANGE', KEYS[2], ARGV[2], ARGV[3])
if #words > 0 then return words end
local there = redis.call('HMGET', KEYS[1], 't', 's')
if there[1] ~= ARGV[1] then return false end
if there[2] == 'over' then
  redis.call('DEL', KEYS[1])
  return false
end
return words
`);

/** KEYS listening; ARGV ms. Somebody elsewhere waits for the answer. */
export const LISTEN = script(`return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])`);

/** KEYS listening. */
export const LISTENED = script(`return redis.call('EXISTS', KEYS[1])`);

/** KEYS claim, words; ARGV token. */
export const DROP = script(`
if redis.call('HGET', KEYS[1], 't') == ARGV[1] then redis.call('DEL', KEYS[1], KEYS[2]) end
return 0
`);
