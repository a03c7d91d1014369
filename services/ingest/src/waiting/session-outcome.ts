import type { LocalDay } from '@streaks/shared/domain/local-day';
import type { StreakState } from '@streaks/shared/domain/streak-state';
import { z } from 'zod';

const runSchema = z.object({ first: z.int().transform((day) => day as LocalDay), length: z.int().positive() });

/** What the processor tells of one session after its COMMIT and after the user's state went to Redis. */
const outcomeSchema = z.object({
  sessionId: z.string(),
  userId: z.string(),
  outcome: z.enum(['processed', 'duplicate', 'rejected']),
  /** Stable code of a refusal. */
  reason: z.string().optional(),
  detail: z.string().optional(),
  /** Absent while the user has no streak at all. */
  state: z.object({ runs: z.array(runSchema), timezone: z.string().nullable(), version: z.number() }).optional(),
});

export type SessionOutcome = {
  readonly sessionId: string;
  readonly userId: string;
  readonly outcome: 'processed' | 'duplicate' | 'rejected';
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
  readonly state?: StreakState | undefined;
};

/** The outcome in a message of the reply channel; undefined for a message that is none. */
export function parseSessionOutcome(message: string): SessionOutcome | undefined {
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    return undefined;
  }
  const parsed = outcomeSchema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}
