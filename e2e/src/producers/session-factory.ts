import type { ReferenceSession } from '@streaks/testing/reference-fold';
import type { Message } from 'kafkajs';
import { toJson } from './session-producer';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_MS = Date.parse('2025-01-10T10:00:00Z');

/** The n-th session of a user: an hour on the n-th day, so that each one qualifies a day. */
export function dailySession(userId: string, n: number): ReferenceSession {
  const startMs = FIRST_MS + n * DAY_MS;
  return { userId, sessionId: `${userId}-${n}`, startMs, endMs: startMs + HOUR_MS, timezone: 'Europe/London' };
}

export function toMessage(session: ReferenceSession): Message {
  return { key: session.userId, value: toJson(session) };
}
