import { createRandom } from '../../load/random';
import { createEvents } from './create-events';
import type { Chunk, ChunkOptions } from './input-event';

/**
 * Endless input, the same for the same seed, made in bounded memory: sessions mostly, and every other kind of event mixed in. Most users in one partition,
 * one in fifty in any, one alternating over all; repeats, contradictions (only where the first is sure to be applied first), late events, zones,
 * bad records, and chunks of upstream transactions, some of them aborted. A day of every user takes `users` sessions.
 */
export function* generateChunks(options: ChunkOptions): Generator<Chunk, never> {
  const random = createRandom(options.seed);
  const events = createEvents(options, random);
  for (let index = 0; ; index += 1) {
    const draw = random();
    const mode = draw < 0.1 ? 'aborted' : draw < 0.35 ? 'committed' : 'idempotent';
    const next = mode === 'aborted' ? () => events.decoy() : () => events.next();
    yield { index, mode, format: index % 2 === 0 ? 'avro' : 'json', events: times(options.chunkEvents, next) };
  }
}

const times = <T>(count: number, create: () => T): T[] => Array.from({ length: count }, create);
