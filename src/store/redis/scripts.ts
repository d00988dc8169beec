/**
 * What the server does in one step (Lua 5.1). Values come as one JSON text, so that no number of
 * arguments is too large; every number that is stored comes as text, because Lua would round it.
 */

/**
 * ARGV[1]: {c: [[key, field, expected or false]], s: [[key of a set, expected size]], o: [[command, key, …]],
 * v: [[counter, sorted set, floor, bound, [members]]]}; keys by number. False: a field or a size has changed.
 * v: each member gets the next number as its score; beyond the bound the oldest go, and the floor is raised to
 * the greatest number that went.
 */
const commit = `
local t = cjson.decode(ARGV[1])
for _, c in ipairs(t.c) do
  if redis.call('HGET', KEYS[c[1]], c[2]) ~= c[3] then return false end
end
for _, s in ipairs(t.s) do
  if redis.call('SCARD', KEYS[s[1]]) ~= s[2] then return false end
end
for _, v in ipairs(t.v) do
  local set = KEYS[v[2]]
  for _, member in ipairs(v[5]) do
    redis.call('ZADD', set, string.format('%.0f', redis.call('INCR', KEYS[v[1]])), member)
  end
  local over = redis.call('ZCARD', set) - v[4]
  if over > 0 then
    redis.call('SET', KEYS[v[3]], redis.call('ZRANGE', set, over - 1, over - 1, 'WITHSCORES')[2])
    redis.call('ZREMRANGEBYRANK', set, 0, over - 1)
  end
end
local results = {}
for i, o in ipairs(t.o) do
  results[i] = redis.call(o[1], KEYS[o[2]], unpack(o, 3))
end
return results`

/**
 * Adds records with ascending ids, given in the same step: a reader with a cursor must never see a
 * greater id before a smaller one is there.
 * KEYS: seq, records, ids, at, unique, grown, last batch of the writer, then those of indexes.
 * ARGV[1]: [{j: JSON, t: time, m: member of 'at' after the id, u: unique or false, n: count or false, x: [index keys]}]
 * ARGV[2]: number of the batch, or ''. What has no greater one than the last is here already. It is remembered for
 * a day, in which its writer has tried again or has ended.
 * u without n: a repetition is left out; with n: it counts on. Returns how many were new.
 */
const append = `
if ARGV[2] ~= '' and tonumber(redis.call('GET', KEYS[7]) or '-1') >= tonumber(ARGV[2]) then return 0 end
local added = 0
for _, r in ipairs(cjson.decode(ARGV[1])) do
  local known = r.u and redis.call('HGET', KEYS[5], r.u)
  if known then
    if r.n then
      local member = known .. r.m
      local count, at = string.match(redis.call('HGET', KEYS[6], known) or '1 0', '^(%d+) (%d+)$')
      if tonumber(r.t) > tonumber(at) then at = r.t end
      redis.call('HSET', KEYS[6], known, string.format('%.0f %s', tonumber(count) + tonumber(r.n), at))
      redis.call('ZADD', KEYS[4], 'XX', 'GT', r.t, member)
    end
  else
    local id = string.format('%.0f', redis.call('INCR', KEYS[1]))
    redis.call('HSET', KEYS[2], id, r.j)
    redis.call('ZADD', KEYS[3], id, id)
    redis.call('ZADD', KEYS[4], r.t, id .. r.m)
    if r.u then redis.call('HSET', KEYS[5], r.u, id) end
    if r.n then redis.call('HSET', KEYS[6], id, r.n .. ' ' .. r.t) end
    for _, x in ipairs(r.x) do redis.call('ZADD', KEYS[x], id, id) end
    added = added + 1
  end
end
if ARGV[2] ~= '' then redis.call('SET', KEYS[7], ARGV[2], 'PX', 86400000) end
return added`

/** A field that holds a number grows to ARGV[2], and never shrinks. What it is then. */
const raise = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known and tonumber(known) >= tonumber(ARGV[2]) then return known end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]`

/** The same of a counter, which is a key of its own. */
const raiseCounter = `
local known = redis.call('GET', KEYS[1])
if not known or tonumber(known) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 1`

/**
 * Says that a replica lives, and which of its lives it is: the one that it has still, or a new one when its
 * key had expired. KEYS: key of the replica. ARGV: name for a new life, lease in milliseconds.
 */
const beat = `
local life = redis.call('GET', KEYS[1]) or ARGV[1]
redis.call('SET', KEYS[1], life, 'PX', ARGV[2])
return life`

/**
 * KEYS: owners, last token, key of this replica. ARGV: name, replica, beginning of the keys of replicas,
 * life of this replica. {1, token}, {0, the replica that has it and is alive}, or {-1}: the life is over.
 * Only a beat begins one, so that who stood still cannot go on without a look at what it has lost. A token
 * is no smaller than the time (ms): it grows even where the server has lost its last writes, or all of them.
 */
const acquire = `
if redis.call('GET', KEYS[3]) ~= ARGV[4] then return {-1} end
local known = redis.call('HGET', KEYS[1], ARGV[1])
local owner = known and string.match(known, '^%d+ (.+)$')
if owner and owner ~= ARGV[2] and redis.call('EXISTS', ARGV[3] .. owner) == 1 then return {0, owner} end
local time = redis.call('TIME')
local next = tonumber(redis.call('GET', KEYS[2]) or '0') + 1
local token = string.format('%.0f', math.max(next, time[1] * 1000 + math.floor(time[2] / 1000)))
redis.call('SET', KEYS[2], token)
redis.call('HSET', KEYS[1], ARGV[1], token .. ' ' .. ARGV[2])
return {1, token}`

/** ARGV[3] takes the place of ARGV[2] in a field that still holds that. */
const release = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`

/** Removes a field that still holds ARGV[2]. */
const forget = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`

/**
 * Members with a greater number than ARGV[1], at most ARGV[2] of them. KEYS: counter, sorted set, floor.
 * {present number, whole, [member, number …]}; whole 0: what came after ARGV[1] is not all here any more.
 */
const revised = `
local now = redis.call('GET', KEYS[1]) or '0'
local after = tonumber(ARGV[1])
if after > tonumber(now) or after < tonumber(redis.call('GET', KEYS[3]) or '0') then return {now, 0, {}} end
return {now, 1, redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])}`

export const scripts = {
  ospCommit: commit,
  ospAppend: append,
  ospRaise: raise,
  ospRaiseCounter: raiseCounter,
  ospBeat: beat,
  ospAcquire: acquire,
  ospRelease: release,
  ospForget: forget,
  ospRevised: revised,
} as const

export type ScriptName = keyof typeof scripts
