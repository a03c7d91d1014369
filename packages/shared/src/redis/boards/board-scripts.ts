import type { Redis } from 'ioredis';

// Every script touches the keys of one rule's boards, and does bounded work: it blocks Redis for all other clients.

/**
 * A streak that has broken by `now` leaves the current board, the earliest first. What a caller takes for now counts at most
 * up to a minute after the server's own clock: what was removed does not come back before the user's next change, so no
 * client's clock that went wrong may empty the board.
 */
const CLOCKS = `
local function boundedNow(now)
  local time = redis.call('TIME')
  return math.min(tonumber(now), (tonumber(time[1]) + 60) * 1000)
end
`;

/**
 * KEYS: contents, sentinel, qualified, current, expiry, members. ARGV: generation, now, and for each user (none twice) id,
 * value of the hash, score on the two boards and the instant of expiry, the last three empty for who is on no board.
 * The boards are of one generation only: the first write of a newer one begins them anew (and no sentinel stands until they
 * are filled again), and those of an older one change nothing. Returns how many users were newer than what was there.
 */
const WRITE = `
${CLOCKS}
local held = tonumber(redis.call('GET', KEYS[1]) or '-1') or -1
local generation = tonumber(ARGV[1])
if generation < held then return 0 end
if generation > held then
  redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
  redis.call('SET', KEYS[1], ARGV[1])
end
local now = boundedNow(ARGV[2])
local ids = {}
for index = 3, #ARGV, 5 do ids[#ids + 1] = ARGV[index] end
local stored = redis.call('HMGET', KEYS[6], unpack(ids))
local left, broken, values, qualified, current, expiry = {}, {}, {}, {}, {}, {}
for place = 1, #ids do
  local id, index = ids[place], 5 * place - 2
  local value, expires = ARGV[index + 1], ARGV[index + 4]
  local version, stamp = string.match(value, '^(%d+):(.?.?.?.?.?.?.?.?)')
  local storedVersion, storedStamp
  if stored[place] then storedVersion, storedStamp = string.match(stored[place], '^(%d+):(.?.?.?.?.?.?.?.?)') end
  if not storedVersion or tonumber(version) > tonumber(storedVersion) then
    local wasListed = storedVersion and storedStamp ~= ''
    if wasListed then left[#left + 1] = storedStamp .. id end
    local isAlive = expires ~= '' and tonumber(expires) > now
    if expires ~= '' then
      qualified[#qualified + 1] = ARGV[index + 2]
      qualified[#qualified + 1] = stamp .. id
    end
    if isAlive then
      current[#current + 1] = ARGV[index + 3]
      current[#current + 1] = stamp .. id
      expiry[#expiry + 1] = expires
      expiry[#expiry + 1] = id
    elseif wasListed then
      broken[#broken + 1] = id
    end
    values[#values + 1] = id
    values[#values + 1] = value
  end
end
if #left > 0 then
  redis.call('ZREM', KEYS[3], unpack(left))
  redis.call('ZREM', KEYS[4], unpack(left))
end
if #broken > 0 then redis.call('ZREM', KEYS[5], unpack(broken)) end
if #qualified > 0 then redis.call('ZADD', KEYS[3], unpack(qualified)) end
if #current > 0 then
  redis.call('ZADD', KEYS[4], unpack(current))
  redis.call('ZADD', KEYS[5], unpack(expiry))
end
if #values > 0 then redis.call('HSET', KEYS[6], unpack(values)) end
return #values / 2
`;

const TRIM = `
${CLOCKS}
local function trim(current, expiry, members, now, limit)
  local ids = redis.call('ZRANGEBYSCORE', expiry, '-inf', boundedNow(now), 'LIMIT', 0, limit)
  if #ids == 0 then return 0 end
  local broken = {}
  for place, value in ipairs(redis.call('HMGET', members, unpack(ids))) do
    local stamp = value and string.match(value, '^%d+:(........)')
    broken[place] = (stamp or '') .. ids[place]
  end
  redis.call('ZREM', current, unpack(broken))
  redis.call('ZREMRANGEBYRANK', expiry, 0, #ids - 1)
  return #ids
end
`;

/** KEYS: current, expiry, members. ARGV: now, most users. Returns how many left the current board. */
const TRIM_CURRENT = `${TRIM} return trim(KEYS[1], KEYS[2], KEYS[3], ARGV[1], tonumber(ARGV[2]))`;

/**
 * KEYS: sentinel, members, the board and, of the current one, expiry. ARGV: now, most users to trim, first place from 0, user
 * id or '' and limit. With a user id the page is laid around the user. Returns nothing without a sentinel, [-1] where more is
 * to be trimmed, else total, first place, and id and value of each user of the page.
 */
const READ = `
${TRIM}
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
local most = tonumber(ARGV[2])
if KEYS[4] and trim(KEYS[3], KEYS[4], KEYS[2], ARGV[1], most) == most then return {-1} end
local total, first, limit = redis.call('ZCARD', KEYS[3]), tonumber(ARGV[3]), tonumber(ARGV[5])
if ARGV[4] ~= '' then
  local value = redis.call('HGET', KEYS[2], ARGV[4])
  local stamp = value and string.match(value, '^%d+:(........)')
  local place = stamp and redis.call('ZRANK', KEYS[3], stamp .. ARGV[4])
  if not place then return {total, 0} end
  first = math.max(0, math.min(place - math.floor((limit - 1) / 2), total - limit))
end
local page = {total, first}
local ranked = redis.call('ZRANGE', KEYS[3], first, first + limit - 1)
if #ranked == 0 then return page end
local ids = {}
for index, member in ipairs(ranked) do ids[index] = string.sub(member, 9) end
for index, value in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
  page[#page + 1] = ids[index]
  page[#page + 1] = value or ''
end
return page
`;

/**
 * KEYS: sentinel, name of the refill, run, contents, and the four that hold users. ARGV: name, run id and generation.
 * Returns 1 where the sentinel stands at the generation or above.
 */
const MARK_FILLED = `
local generation = tonumber(ARGV[3])
local filled = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
if filled >= generation and redis.call('GET', KEYS[3]) == ARGV[2] then return 1 end
local held = tonumber(redis.call('GET', KEYS[4]) or '-1') or -1
if held > generation or redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if held < generation then
  redis.call('UNLINK', KEYS[5], KEYS[6], KEYS[7], KEYS[8])
  redis.call('SET', KEYS[4], ARGV[3])
end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('SET', KEYS[3], ARGV[2])
redis.call('DEL', KEYS[2])
return 1
`;

/**
 * KEYS: the users of a bucket who are marked, and those of them who are being brought up to date. ARGV: limit. Moves the marks
 * where nothing is left of those taken before. Returns whether there are marks besides those taken, and some of those taken.
 */
const TAKE_MARKED = `
local hasMore = redis.call('EXISTS', KEYS[1])
if hasMore == 1 and redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('RENAME', KEYS[1], KEYS[2])
  hasMore = 0
end
return {hasMore, redis.call('SRANDMEMBER', KEYS[2], ARGV[1])}
`;

/** KEYS: the lease. ARGV: who wants it and for how many milliseconds. Returns 1 where it is theirs, or free and now theirs. */
const LEASE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

type Script<Reply> = (keyCount: number, ...keysThenValues: readonly (string | number)[]) => Promise<Reply>;

export type BoardScripts = {
  readonly boardsWrite: Script<number>;
  readonly boardsTrim: Script<number>;
  readonly boardsRead: Script<readonly (number | string)[]>;
  readonly boardsMarkFilled: Script<number>;
  readonly boardsTakeMarked: Script<readonly [hasMore: number, marks: readonly string[]]>;
  readonly boardsLease: Script<number>;
};

/** Defines the scripts on a client. They go out by hash; ioredis sends the text where the server does not know it. */
export function defineBoardScripts(redis: Redis): BoardScripts {
  redis.defineCommand('boardsWrite', { lua: WRITE });
  redis.defineCommand('boardsTrim', { lua: TRIM_CURRENT });
  redis.defineCommand('boardsRead', { lua: READ });
  redis.defineCommand('boardsMarkFilled', { lua: MARK_FILLED });
  redis.defineCommand('boardsTakeMarked', { lua: TAKE_MARKED });
  redis.defineCommand('boardsLease', { lua: LEASE });
  // defineCommand adds the methods at run time, which the client's type cannot say.
  return redis as unknown as BoardScripts;
}
