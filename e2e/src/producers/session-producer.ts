import type { ReferenceSession } from '@streaks/testing/reference-fold';

/** A client of some language that publishes sessions. */
export interface SessionProducer {
  readonly name: string;
  /** Resolves when the brokers have acknowledged all of them. */
  send(sessions: readonly ReferenceSession[]): Promise<void>;
  close(): Promise<void>;
}

/** A session as the JSON contract has it. */
export function toJson({ userId, sessionId, startMs, endMs, timezone }: ReferenceSession): string {
  const [startTime, endTime] = [new Date(startMs).toISOString(), new Date(endMs).toISOString()];
  return JSON.stringify({ sessionId, userId, startTime, endTime, timezone });
}
