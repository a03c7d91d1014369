import type { DecideFate } from './kafka-proxy';

/** Requests whose loss matters to who writes exactly once, by their number in Kafka's protocol. */
export const API_KEYS = {
  Produce: 0,
  OffsetFetch: 9,
  Heartbeat: 12,
  InitProducerId: 22,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const;

export type ApiName = keyof typeof API_KEYS;

export interface LossPlan {
  readonly decide: DecideFate;
  /** From now on nothing is lost. */
  stop(): void;
  /** Requests and replies lost so far, such as `EndTxn reply lost` → 3. */
  readonly losses: ReadonlyMap<string, number>;
}

/**
 * Loses a share of the requests of these kinds, half of them before the broker got them and half after. The same
 * numbers from `random` give the same decisions.
 */
export function createLossPlan(options: {
  readonly random: () => number;
  readonly share: number;
  readonly apis: readonly ApiName[];
}): LossPlan {
  const { random, share, apis } = options;
  const nameOf = new Map<number, ApiName>(apis.map((name) => [API_KEYS[name], name]));
  const losses = new Map<string, number>();
  let isStopped = false;
  return {
    decide: ({ apiKey }) => {
      const name = nameOf.get(apiKey);
      if (isStopped || name === undefined || random() >= share) return 'passes';
      const fate = random() < 0.5 ? 'request lost' : 'reply lost';
      losses.set(`${name} ${fate}`, (losses.get(`${name} ${fate}`) ?? 0) + 1);
      return fate;
    },
    stop: () => {
      isStopped = true;
    },
    losses,
  };
}
