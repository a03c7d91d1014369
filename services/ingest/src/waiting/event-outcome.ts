import type { LocalDay } from '@streaks/shared/domain/calendar/local-day';
import type { ChangeType } from '@streaks/shared/domain/streaks/change-type';
import type { StreakState } from '@streaks/shared/domain/streaks/streak-state';
import { z } from 'zod';

/**
 * What the processor did with an event: stored it, had it already, refused it; `retracted` and `erased`: it was not stored,
 * because its session had been retracted or its user erased.
 */
export const outcomeNames = ['processed', 'duplicate', 'rejected', 'retracted', 'erased'] as const;
export type OutcomeName = (typeof outcomeNames)[number];

/** Every change type: the compiler asks for all of them. */
const everyChangeType: Readonly<Record<ChangeType, true>> = {
  FIRST_ACTIVITY: true,
  STREAK_INCREMENT: true,
  STREAK_MAINTAINED: true,
  STREAK_RESET: true,
  STREAK_RECOVERED: true,
  STREAK_REVISED: true,
  USER_ERASED: true,
};
export const changeTypeSchema = z
  .enum(Object.keys(everyChangeType) as [ChangeType, ...ChangeType[]])
  .meta({ id: 'ChangeType', description: 'What an event did to the streak' });

/** What the processor tells of one event after its COMMIT and after the user's state went to Redis. */
export type EventOutcome = {
  readonly outcome: OutcomeName;
  readonly changeType?: ChangeType | undefined;
  /** Stable code of a refusal. */
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
  /** Of the rule that the event feeds; absent while the user has no streak at all. */
  readonly state?: StreakState | undefined;
};

/** A message of the reply channel. */
export type Reply = {
  /** Which wait it is for. */
  readonly id: string;
  readonly userId?: string | undefined;
  readonly eventId?: string | undefined;
  readonly outcome: EventOutcome;
};

const day = z.int().transform((number) => number as LocalDay);
const bridgingSchema = z.object({
  freezes: z.array(z.object({ from: day, rule: z.object({ earnEvery: z.int(), cap: z.int() }).nullable() })),
  pauses: z.array(z.object({ first: day, last: day })),
});
const stateSchema = z.object({
  runs: z.array(z.object({ first: day, length: z.int().positive() })),
  timezone: z.string().nullable(),
  version: z.int(),
  updatedAtMs: z.number(),
  bridging: bridgingSchema.exactOptional(),
  isUnlisted: z.literal(true).exactOptional(),
});
const replySchema = z.object({
  id: z.string(),
  userId: z.string().optional(),
  eventId: z.string().optional(),
  outcome: z.enum(outcomeNames),
  changeType: changeTypeSchema.optional(),
  reason: z.string().optional(),
  detail: z.string().optional(),
  state: stateSchema.optional(),
});

/** The reply in a message; undefined for a message that is none. */
export function parseReply(message: string): Reply | undefined {
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    return undefined;
  }
  const parsed = replySchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { id, userId, eventId, ...outcome } = parsed.data;
  return { id, userId, eventId, outcome };
}
