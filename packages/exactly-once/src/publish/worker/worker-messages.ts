import type { PublishedTransaction, PublisherEvents, PublisherState } from '../publisher-options';
import type { PackedRows } from './pack-rows';

/** From the thread of the appliers to that of the publisher. */
export type ToWorker =
  | { readonly kind: 'shards'; readonly shards: readonly number[] }
  | { readonly kind: 'offer'; readonly rows: PackedRows }
  | { readonly kind: 'close'; readonly deadlineMs: number };

/** An error as it can be sent; `type` is Kafka's name for it. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly type: string | undefined;
}

export type FromWorker =
  | { readonly kind: 'wanted'; readonly shards: readonly number[] }
  /** So much of what was offered has been looked at. */
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'published'; readonly transaction: PublishedTransaction }
  | { readonly kind: 'failed'; readonly shard: number; readonly error: SentError }
  | { readonly kind: 'halted'; readonly shard: number; readonly reason: string; readonly detail: string }
  | { readonly kind: 'ignoredMark'; readonly shard: number; readonly detail: string }
  | { readonly kind: 'missingRows'; readonly shard: number; readonly firstSeq: bigint; readonly lastSeq: bigint }
  | { readonly kind: 'state'; readonly state: PublisherState };

/** What happens in the worker, as messages. */
export const eventsAsMessages = (send: (message: FromWorker) => void): PublisherEvents => ({
  published: (transaction) => send({ kind: 'published', transaction }),
  failed: (shard, error) => send({ kind: 'failed', shard, error: toSentError(error) }),
  halted: (shard, reason, detail) => send({ kind: 'halted', shard, reason, detail }),
  ignoredMark: (shard, detail) => send({ kind: 'ignoredMark', shard, detail }),
  missingRows: (shard, firstSeq, lastSeq) => send({ kind: 'missingRows', shard, firstSeq, lastSeq }),
  state: (state) => send({ kind: 'state', state }),
});

/** And back again. Returns false for a message that is none of them. */
export function tellEvent(message: FromWorker, events: PublisherEvents): boolean {
  if (message.kind === 'published') events.published(message.transaction);
  else if (message.kind === 'failed') events.failed(message.shard, toError(message.error));
  else if (message.kind === 'halted') events.halted(message.shard, message.reason, message.detail);
  else if (message.kind === 'ignoredMark') events.ignoredMark(message.shard, message.detail);
  else if (message.kind === 'missingRows') events.missingRows(message.shard, message.firstSeq, message.lastSeq);
  else if (message.kind === 'state') events.state(message.state);
  else return false;
  return true;
}

function toSentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, type: undefined };
  const type = 'type' in error && typeof error.type === 'string' ? error.type : undefined;
  return { name: error.name, message: error.message, stack: error.stack, type };
}

function toError({ name, message, stack, type }: SentError): Error {
  const error = Object.assign(new Error(message), { name }, type === undefined ? {} : { type });
  if (stack !== undefined) error.stack = stack;
  return error;
}
