import type { BoardPage, BoardReader } from '@streaks/shared/redis/boards/board-reader';
import type { QueryMetrics } from '../metrics';
import type { StoreCircuit } from '../stores/store-circuit';
import { unlessUnavailable } from '../stores/unless-unavailable';

export interface LeaderboardReaderOptions {
  readonly redisBoards: BoardReader;
  readonly redisCircuit: StoreCircuit;
  /** Whole always; rejects with `StoreUnavailable` while Postgres is away. */
  readonly postgresBoards: BoardReader;
  readonly metrics: QueryMetrics;
}

/** Boards that can be read while either store is there. */
export type LeaderboardReader = {
  readonly [Method in keyof BoardReader]: (...request: Parameters<BoardReader[Method]>) => Promise<BoardPage>;
};

/** Redis first; Postgres where Redis is away or its boards are not whole. Rejects with `StoreUnavailable` when neither can tell. */
export function createLeaderboardReader(options: LeaderboardReaderOptions): LeaderboardReader {
  const { redisBoards, redisCircuit, postgresBoards, metrics } = options;

  async function read(ask: (boards: BoardReader) => Promise<BoardPage | undefined>): Promise<BoardPage> {
    const found = await unlessUnavailable(redisCircuit.run(() => ask(redisBoards)));
    metrics.boardReads.inc({ source: found === undefined ? 'postgres' : 'redis' });
    const page = found ?? (await ask(postgresBoards));
    if (page === undefined) {
      throw new Error('Postgres has no board');
    }
    return page;
  }

  return {
    page: (...request) => read((boards) => boards.page(...request)),
    around: (...request) => read((boards) => boards.around(...request)),
  };
}
