import type { Redis } from 'ioredis';
import type { Clock } from '../../lifecycle/clock';
import type { StreakWrite } from '../streaks/streak-store';
import { toBoardEntry } from './board-entry';
import { boardKeys } from './board-keys';
import { defineBoardScripts } from './board-scripts';
import { encodeMember, encodeScore } from './board-value';

/** One script call blocks Redis for all other clients: so many users of boards of a million take about a millisecond. */
const USERS_PER_CALL = 25;
/** Without a clock: no streak has broken by then. */
const BEFORE_ALL = '0';

export interface BoardWriterOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** Streaks that are broken already are left out of the current board at once. Without it the first reader removes them. */
  readonly clock?: Clock;
}

export interface BoardWriter {
  /**
   * Brings the boards up to these states, each a compare-and-set on (generation, version) of its own: repeated, late and
   * concurrent writers all end in the newest. Resolves to the number of users who were newer than what the boards had.
   */
  write(writes: readonly StreakWrite[]): Promise<number>;
}

export function createBoardWriter({ redis, keyPrefix, clock }: BoardWriterOptions): BoardWriter {
  const scripts = defineBoardScripts(redis);

  async function writeGroup({ ruleId, generation, writes }: Group): Promise<number> {
    const { contents, sentinel, qualified, current, expiry, members } = boardKeys(keyPrefix, ruleId);
    const keys = [contents, sentinel, qualified, current, expiry, members];
    const nowMs = clock === undefined ? BEFORE_ALL : String(clock.nowMs());
    let written = 0;
    for (let from = 0; from < writes.length; from += USERS_PER_CALL) {
      const values = [String(generation), nowMs];
      for (const write of writes.slice(from, from + USERS_PER_CALL)) {
        addValues(values, write);
      }
      // One after the other, so that commands of other clients come in between.
      written += await scripts.boardsWrite(keys.length, ...keys, ...values);
    }
    return written;
  }

  return {
    async write(writes) {
      const counts = await Promise.all(groupNewest(writes).map(writeGroup));
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}

/** Five values a user, as the script takes them. */
function addValues(values: string[], write: StreakWrite): void {
  const { userId, state } = write;
  const entry = state === null ? undefined : toBoardEntry(userId, state);
  values.push(userId, encodeMember(versionOf(write), entry));
  if (entry === undefined) {
    values.push('', '', '');
  } else {
    values.push(encodeScore('qualified', entry), encodeScore('current', entry), String(entry.expiresAtMs));
  }
}

type Group = { readonly ruleId: string; readonly generation: bigint; readonly writes: readonly StreakWrite[] };

/** By rule and generation, the last version of each user. */
function groupNewest(writes: readonly StreakWrite[]): readonly Group[] {
  const groups = new Map<string, { group: Omit<Group, 'writes'>; newest: Map<string, StreakWrite> }>();
  for (const write of writes) {
    const { ruleId, generation, userId } = write;
    const key = `${generation}:${ruleId}`;
    const found = groups.get(key) ?? { group: { ruleId, generation }, newest: new Map<string, StreakWrite>() };
    groups.set(key, found);
    const known = found.newest.get(userId);
    if (known === undefined || versionOf(known) < versionOf(write)) {
      found.newest.set(userId, write);
    }
  }
  return [...groups.values()].map(({ group, newest }) => ({ ...group, writes: [...newest.values()] }));
}

function versionOf(write: StreakWrite): number {
  return write.state === null ? write.version : write.state.version;
}
