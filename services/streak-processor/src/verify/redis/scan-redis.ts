import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import { boardKeys } from '@streaks/shared/redis/boards/board-keys';
import { STAMP_LENGTH } from '@streaks/shared/redis/boards/board-value';
import type { ProgressDisplay } from '../progress-display';
import { checkUnknownUsers } from './check-states';
import { type RedisCheck, readPresent } from './redis-check';

const SCAN_COUNT = 2_000;

/** Looks in Redis for users that Postgres does not know: among the keys of states, and where there are any on the boards. */
export async function scanRedis(check: RedisCheck, hasBoards: boolean, display: ProgressDisplay): Promise<void> {
  let seen = 0;
  const onSeen = (count: number) => {
    seen += count;
    display.at(seen);
  };
  for (const ruleId of RULE_IDS) {
    await scanStates(check, ruleId, onSeen);
    if (hasBoards) await scanBoards(check, ruleId, onSeen);
  }
}

async function scanStates(check: RedisCheck, ruleId: RuleId, onSeen: (count: number) => void): Promise<void> {
  const { redis, keyPrefix } = check;
  const marker = `:streak:${ruleId}:`;
  const escaped = keyPrefix.replace(/[\\*?[\]]/g, '\\$&');
  for await (const keys of redis.scanStream({ match: `${escaped}{*}${marker}*`, count: SCAN_COUNT })) {
    const userIds = (keys as string[]).map((key) => key.slice(key.indexOf(marker, keyPrefix.length) + marker.length));
    if (userIds.length > 0) await checkUnknownUsers(check, ruleId, userIds);
    onSeen(userIds.length);
  }
}

async function scanBoards(check: RedisCheck, ruleId: RuleId, onSeen: (count: number) => void): Promise<void> {
  const { redis, keyPrefix, pool, faults } = check;
  const keys = boardKeys(keyPrefix, ruleId);
  for await (const pairs of redis.hscanStream(keys.members, { count: SCAN_COUNT })) {
    const userIds = everySecond(pairs as string[]);
    const known = await readPresent(pool, ruleId, userIds);
    for (const userId of userIds) {
      if (!known.has(userId))
        faults.add('boards differ from user_streaks', `${userId} (${ruleId}): Postgres has no such user`);
    }
    onSeen(userIds.length);
  }
  for (const board of ['qualified', 'current', 'expiry'] as const) {
    for await (const pairs of redis.zscanStream(keys[board], { count: SCAN_COUNT })) {
      const members = everySecond(pairs as string[]);
      for (const member of await strangers(check, ruleId, board, members)) {
        faults.add(
          'boards differ from user_streaks',
          `${member} (${ruleId}): on the board ${board} without being a member`,
        );
      }
      onSeen(members.length);
    }
  }
}

/** Those whose value among the members does not put them there. Looked at twice, the second time value and place at once. */
async function strangers(
  { redis, keyPrefix }: RedisCheck,
  ruleId: RuleId,
  board: 'qualified' | 'current' | 'expiry',
  members: readonly string[],
): Promise<readonly string[]> {
  if (members.length === 0) return [];
  const keys = boardKeys(keyPrefix, ruleId);
  const stampOf = (member: string) => (board === 'expiry' ? '' : member.slice(0, STAMP_LENGTH));
  const userOf = (member: string) => (board === 'expiry' ? member : member.slice(STAMP_LENGTH));
  const belongs = (member: string, value: string | null | undefined): boolean =>
    value !== null &&
    value !== undefined &&
    /^\d+:./.test(value) &&
    value.slice(value.indexOf(':') + 1).startsWith(stampOf(member));
  const values = await redis.hmget(keys.members, ...members.map(userOf));
  const suspects = members.filter((member, index) => !belongs(member, values[index]));
  const found: string[] = [];
  for (const member of suspects) {
    const answers = await redis.multi().zscore(keys[board], member).hget(keys.members, userOf(member)).exec();
    const [[, score] = [], [, value] = []] = answers ?? [];
    if (typeof score === 'string' && !belongs(member, value as string | null)) found.push(member);
  }
  return found;
}

const everySecond = (pairs: readonly string[]): readonly string[] => pairs.filter((_, index) => index % 2 === 0);
