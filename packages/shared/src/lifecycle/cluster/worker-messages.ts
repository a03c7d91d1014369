/** What the processes of one service say to each other; every message goes through the primary. */
export type WorkerMessage =
  /** Worker to primary: ask all workers. */
  | { readonly streaks: 'ask'; readonly id: number; readonly topic: PeerTopic }
  /** Primary to worker, and the worker's reply. `id` is the primary's. */
  | { readonly streaks: 'tell'; readonly id: number; readonly topic: PeerTopic }
  | { readonly streaks: 'told'; readonly id: number; readonly value: unknown }
  /** Primary to the worker that asked. A worker that is starting or hangs is missing from the values. */
  | { readonly streaks: 'answer'; readonly id: number; readonly values: readonly unknown[]; readonly expected: number }
  /** Primary to worker: end as on SIGTERM. */
  | { readonly streaks: 'stop' }
  /** Worker to primary: the one line of why it cannot start, or that it takes requests. */
  | { readonly streaks: 'said'; readonly line: string }
  | { readonly streaks: 'started' };

export type PeerTopic = 'checks' | 'metrics';

export function isWorkerMessage(message: unknown): message is WorkerMessage {
  return typeof message === 'object' && message !== null && 'streaks' in message;
}
