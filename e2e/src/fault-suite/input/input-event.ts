import type { ReferenceEvent } from '@streaks/testing/reference/reference-event';

export interface ChunkOptions {
  /** All that comes follows from it. */
  readonly seed: number;
  readonly users: number;
  /** Partitions of the input topic of users. */
  readonly partitions: number;
  readonly chunkEvents: number;
}

/** What the product must make of a record. */
export type InputEvent = SentEvent | BadRecord;

export interface SentEvent {
  /** `repeat`: word for word what was sent before. `conflict`: an id that is taken by other content, which is sure to be applied first. */
  readonly kind: 'first' | 'repeat' | 'conflict';
  readonly partition: number;
  readonly event: ReferenceEvent;
}

/** Goes to the topic of users. */
export interface BadRecord {
  readonly kind: 'bad';
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer | null;
  readonly reason: string;
  /** Whom it is told to be of: an erasure takes it along. */
  readonly userId: string | null;
}

/** Records that are sent together. */
export interface Chunk {
  readonly index: number;
  /** `aborted`: in a transaction that is aborted; nothing of it may ever be seen. */
  readonly mode: 'idempotent' | 'committed' | 'aborted';
  readonly format: 'avro' | 'json';
  readonly events: readonly InputEvent[];
}

/** The topics that processors read. */
export type InputTopic = 'users' | 'organisations' | 'friendships';

export function topicOf(event: InputEvent): InputTopic {
  if (event.kind === 'bad') return 'users';
  if (event.event.kind === 'organisation') return 'organisations';
  return event.event.kind === 'friendship' ? 'friendships' : 'users';
}
