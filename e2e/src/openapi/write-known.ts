import type { StreaksClient } from '@streaks/client/create-streaks-client';
import { known } from './known-values';

/** Has the known users do what the reading routes show: sessions, check-ins and friends. Returns when the last one is stored. */
export async function writeKnown({ ingest }: StreaksClient): Promise<void> {
  const [timezone] = known.zones;
  const [first, ...others] = known.users;
  for (const friendId of others) {
    const path = { userId: first, friendId };
    accepted(await ingest.PUT('/users/{userId}/friends/{friendId}', { params: { path } }));
  }
  for (const userId of known.users) {
    const sessions = known.events.map((sessionId, day) => ({
      userId,
      sessionId,
      timezone,
      startTime: `2025-01-1${day}T10:00:00Z`,
      endTime: `2025-01-1${day}T11:00:00Z`,
    }));
    accepted(await ingest.POST('/sessions/batch', { body: { sessions } }));
    for (const checkInId of known.events) {
      const body = { userId, checkInId, timezone, at: '2025-01-15T10:00:00Z' };
      accepted(await ingest.POST('/check-ins', { body, params: { header: { Prefer: 'wait=20' } } }));
    }
  }
}

function accepted({ error, response }: { readonly error?: unknown; readonly response: Response }): void {
  if (error !== undefined) throw new Error(`${response.url} -> ${response.status}: ${JSON.stringify(error)}`);
}
