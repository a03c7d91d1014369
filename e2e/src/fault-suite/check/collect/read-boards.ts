import type { ReferenceRule } from '@streaks/testing/reference/reference-streak';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import type { BoardEntry, BoardName, StoredBoard } from '../collected-run';

type Keys = Pick<Pipeline, 'redis' | 'redisKeyPrefix'>;

const RULES: readonly ReferenceRule[] = ['focus', 'activity'];
const BOARDS: readonly BoardName[] = ['qualified', 'current'];
/** A member of a board is so many characters of its instant and then the user. */
const STAMP_LENGTH = 8;
/** What the hash holds of a user: `<version>:<stamp><qualified days>,<longest>,<latest>,<instant of expiry>`. */
const VALUE = /^(\d+):[\w-]{8}(\d+),(\d+),(\d+),(\d+)$/;

/** Both boards of both rules, best first, parsed here from the documented format and not by the product. */
export async function readBoards(keys: Keys): Promise<StoredBoard[]> {
  const boards: StoredBoard[] = [];
  for (const rule of RULES) {
    for (const board of BOARDS) boards.push({ rule, board, entries: await readBoard(keys, rule, board) });
  }
  return boards;
}

async function readBoard(
  { redis, redisKeyPrefix }: Keys,
  rule: ReferenceRule,
  board: BoardName,
): Promise<BoardEntry[]> {
  const tagged = `${redisKeyPrefix}{board:${rule}}:`;
  const members = await redis.zrange(`${tagged}${board}`, '0', '-1');
  const values = await redis.hgetall(`${tagged}members`);
  return members.map((member) => {
    const userId = member.slice(STAMP_LENGTH);
    const numbers = (VALUE.exec(values[userId] ?? '') ?? []).slice(1).map(Number);
    const [version = -1, qualifiedDays = -1, longest = -1, latest = -1, expiresAtMs = -1] = numbers;
    return { userId, version, qualifiedDays, longest, latest, expiresAtMs };
  });
}
