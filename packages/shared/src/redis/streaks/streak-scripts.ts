import type { Redis } from 'ioredis';

/**
 * KEYS: the sentinel of the bucket, its set of marks, then the keys of states. ARGV: the place in a key (its byte, from 1) at
 * which the user's mark begins, 0 for none, then a value for each state. Writes those that are newer than the stored value, by
 * generation and then version, compared as numbers (exact up to 2^53). One key may come twice: each is compared with what
 * the one before it left. Who is not stale is marked: a repeat too, for another writer may have written without marks.
 * Returns how many were written and how many were stale.
 */
const WRITE_NEWER = `
local function parse(value)
  if not value then return -1, -1 end
  local generation, version = string.match(value, '^(%d+):(%d+):')
  if not generation then return -1, -1 end
  return tonumber(generation), tonumber(version)
end
local filled = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
local markFrom, marks = tonumber(ARGV[1]), {}
local written, stale = 0, 0
for index = 3, #KEYS do
  local value = ARGV[index - 1]
  local generation, version = parse(value)
  local storedGeneration, storedVersion = parse(redis.call('GET', KEYS[index]))
  if generation < filled or generation < storedGeneration
    or (generation == storedGeneration and version < storedVersion) then
    stale = stale + 1
  else
    if markFrom > 0 then marks[#marks + 1] = string.sub(KEYS[index], markFrom) end
    if generation > storedGeneration or version > storedVersion then
      redis.call('SET', KEYS[index], value)
      written = written + 1
    end
  end
end
if #marks > 0 then redis.call('SADD', KEYS[2], unpack(marks)) end
return {written, stale}
`;

/** KEYS: sentinel, name of the refill, run. ARGV: name and run id. */
const BEGIN_FILL = `
if redis.call('GET', KEYS[3]) ~= ARGV[2] then redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[2], ARGV[1])
return 1
`;

/**
 * KEYS: sentinel, name of the refill, run. ARGV: name, run id and generation. Returns 1 where the sentinel stands at the
 * generation or above.
 */
const MARK_FILLED = `
local filled = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
if filled >= tonumber(ARGV[3]) and redis.call('GET', KEYS[3]) == ARGV[2] then return 1 end
if filled > tonumber(ARGV[3]) or redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('SET', KEYS[3], ARGV[2])
redis.call('DEL', KEYS[2])
return 1
`;

type Script<Reply> = (keyCount: number, ...keysThenValues: readonly string[]) => Promise<Reply>;

export type StreakScripts = {
  readonly streaksWriteNewer: Script<readonly [written: number, stale: number]>;
  readonly streaksBeginFill: Script<number>;
  readonly streaksMarkFilled: Script<number>;
};

/** Defines the scripts on a client. They go out by hash; ioredis sends the text where the server does not know it. */
export function defineStreakScripts(redis: Redis): StreakScripts {
  redis.defineCommand('streaksWriteNewer', { lua: WRITE_NEWER });
  redis.defineCommand('streaksBeginFill', { lua: BEGIN_FILL });
  redis.defineCommand('streaksMarkFilled', { lua: MARK_FILLED });
  // defineCommand adds the methods at run time, which the client's type cannot say.
  return redis as unknown as StreakScripts;
}
