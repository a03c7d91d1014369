import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import { z } from 'zod';

// Parts that several answers have.

export const countSchema = z.int().min(0);

export const dateSchema = z.iso.date().meta({ example: '2025-01-15' });

export const instantSchema = z.iso.datetime().meta({ example: '2025-01-15T10:00:00.000Z' });

export const ruleIdSchema = z
  .enum(RULE_IDS as readonly [RuleId, ...RuleId[]])
  .meta({ id: 'RuleId', description: '`focus`: sessions. `activity`: check-ins' });

export const userIdSchema = z.string().meta({ example: 'ada' });

/** What a total counts. */
export const unitSchema = z.enum(['seconds', 'check-ins']).meta({
  id: 'Unit',
  description: 'What `total` counts: whole seconds (cut, never rounded up) under `focus`, check-ins under `activity`',
});

/** The four figures of a streak. */
export const figureShape = {
  currentStreak: countSchema,
  longestStreak: countSchema,
  lastQualifiedDate: dateSchema.nullable().meta({ description: 'Null where no day qualified' }),
  qualifiedDaysCount: countSchema,
};
