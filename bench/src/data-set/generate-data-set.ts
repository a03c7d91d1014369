import type { Session } from '@streaks/shared/domain/events/session';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { createSeededRandom, type SeededRandom } from './seeded-random';

export interface DataSetShape {
  readonly seed: number;
  /** Events, repeats included. */
  readonly events: number;
  readonly users: number;
  /** The first users of all, and the share of the events that is theirs. */
  readonly busyUsers: number;
  readonly busyShare: number;
  /** Share of the events that repeat one of the few thousand before them. */
  readonly repeatShare: number;
  readonly days: number;
  readonly partitions: number;
  /** Share of the events that is one user's, the first one's. Default 0. */
  readonly hotShare?: number;
}

/** That of SPEED.md's figures: 500,000 events of 100,000 users in two weeks, a backlog of which most sessions earn a day. */
export const STANDARD_SHAPE: DataSetShape = {
  seed: 20_261_121,
  events: 500_000,
  users: 100_000,
  busyUsers: 5_000,
  busyShare: 0.2,
  repeatShare: 0.03,
  days: 14,
  partitions: 12,
};

export interface DataSet {
  /** In the order in which they are produced. */
  readonly events: readonly Session[];
  /** Partition of each event: that of its user. */
  readonly partitions: Uint16Array;
  readonly partitionCount: number;
}

const ZONES = ['America/New_York', 'Europe/London', 'Asia/Tokyo', 'Australia/Sydney', 'America/Sao_Paulo'] as const;
/** Midnight UTC of the day on which the first events end. */
export const FIRST_DAY_MS = Date.UTC(2025, 9, 20);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** A producer repeats what it lately sent. */
const REPEAT_WINDOW = 5_000;

/** Sessions in about the order of their ends, as a topic holds them, each user in one zone. The same for the same shape. */
export function generateDataSet(shape: DataSetShape = STANDARD_SHAPE): DataSet {
  const random = createSeededRandom(shape.seed);
  const events: Session[] = [];
  const partitions = new Uint16Array(shape.events);
  const partitionOfUser = new Map<string, number>();
  for (let index = 0; index < shape.events; index += 1) {
    const repeats = index > 0 && random.fraction() < shape.repeatShare;
    const repeated = repeats ? events[index - 1 - random.below(Math.min(index, REPEAT_WINDOW))] : undefined;
    const session = repeated ?? newSession(random, shape, index);
    let partition = partitionOfUser.get(session.userId);
    if (partition === undefined) {
      partition = partitionForKey(session.userId, shape.partitions);
      partitionOfUser.set(session.userId, partition);
    }
    events.push(session);
    partitions[index] = partition;
  }
  return { events, partitions, partitionCount: shape.partitions };
}

function newSession(random: SeededRandom, shape: DataSetShape, index: number): Session {
  const { hotShare = 0 } = shape;
  // Drawn only for shapes that have one, so that the others stay what they are.
  const hot = hotShare > 0 && random.fraction() < hotShare;
  const busy = random.fraction() < shape.busyShare;
  const other = busy ? random.below(shape.busyUsers) : shape.busyUsers + random.below(shape.users - shape.busyUsers);
  const user = hot ? 0 : other;
  const endMs = FIRST_DAY_MS + Math.floor((index / shape.events) * shape.days * DAY_MS) + random.below(60 * MINUTE_MS);
  // 10 to 90 minutes, to the millisecond: three of four reach half an hour.
  const startMs = endMs - 10 * MINUTE_MS - random.below(80 * MINUTE_MS);
  return {
    userId: userIdOf(user),
    sessionId: uuid(random),
    startMs,
    endMs,
    timezone: zoneOfUser(user),
  };
}

export function userIdOf(user: number): string {
  return flat(`user-${String(user).padStart(6, '0')}`);
}

export function zoneOfUser(user: number): string {
  return ZONES[user % ZONES.length] ?? 'UTC';
}

function uuid(random: SeededRandom): string {
  const [one, two, three, four] = [random.hex8(), random.hex8(), random.hex8(), random.hex8()];
  return flat(`${one}-${two.slice(0, 4)}-4${two.slice(5)}-a${three.slice(1, 4)}-${three.slice(4)}${four}`);
}

/** One piece of memory, as text is that a decoder read; text put together from parts is only joined on first use. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
