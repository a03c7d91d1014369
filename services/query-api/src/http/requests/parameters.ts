import { parseInstant } from '@streaks/shared/domain/calendar/instant';
import { parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import { findZone, isOffsetLike, type Zone } from '@streaks/shared/domain/calendar/zone';
import { ID_PATTERN, isValidId, MAX_ID_LENGTH } from '@streaks/shared/domain/events/id';
import { FOCUS_RULE, RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import { z } from 'zod';
import { faultText } from './fault-text';

// Parameters that several routes take. Each is a schema that judges, reads and documents at once.

const ID_RULE = `must be 1 to ${MAX_ID_LENGTH} characters of well-formed Unicode without control characters or whitespace`;

/** In a path or in a body: a text or not, what is no id is one fault. */
export const idSchema = z
  .string({ error: faultText('INVALID_ID', ID_RULE) })
  .refine(isValidId, { error: faultText('INVALID_ID', ID_RULE) })
  .meta({ minLength: 1, maxLength: MAX_ID_LENGTH, pattern: ID_PATTERN, example: 'ada' });

/** The user of a path. */
export const userIdParameter = idSchema.meta({ description: 'Id of the user; a user who is not known has zeros' });

export const userParams = z.object({ userId: userIdParameter });

/** A text that is given once at most: the query has a list where a name stands twice. */
export function textParameter(): z.ZodString {
  return z.string({
    error: ({ input }) => faultText('NOT_A_TEXT', Array.isArray(input) ? 'must be given once' : 'must be a text'),
  });
}

/** An instant with offset, read as epoch milliseconds. */
export const instantParameter = textParameter()
  .transform((text, context): number => {
    const instantMs = parseInstant(restorePlus(text));
    if (instantMs === undefined) {
      const form = 'must be an existing date and time with an offset, such as 2025-01-15T10:00:00Z';
      return refuse(context, faultText('NOT_AN_INSTANT', form));
    }
    return instantMs < 0
      ? refuse(context, faultText('BEFORE_1970', 'must not be before 1970-01-01T00:00:00Z'))
      : instantMs;
  })
  .meta({ format: 'date-time', example: '2025-01-15T10:00:00Z' });

/** A zone of the IANA database by its name. */
export const zoneParameter = textParameter()
  .transform((text, context): Zone => {
    const name = restorePlus(text);
    const zone = findZone(name);
    if (zone === undefined) {
      const code = isOffsetLike(name) ? 'OFFSET_TIMEZONE' : 'UNKNOWN_TIMEZONE';
      return refuse(context, faultText(code, 'must be a name of the IANA database such as Europe/London'));
    }
    return zone;
  })
  .meta({
    description: 'Zone in which "today" is taken; by default that of the user',
    example: 'Europe/London',
  });

/** A date, read as a local day. */
export const dayParameter = textParameter()
  .transform(
    (text, context) =>
      parseIsoDate(text) ?? refuse(context, faultText('NOT_A_DATE', 'must be an existing date such as 2025-01-15')),
  )
  .meta({ format: 'date', example: '2025-01-15' });

const ruleSchema = z.enum(RULE_IDS as readonly [RuleId, ...RuleId[]], {
  error: faultText('UNKNOWN_RULE', `must be ${RULE_IDS.join(' or ')}`),
});

/** The rule asked about; `focus` where none is named. */
export const ruleParameter = ruleSchema.default(FOCUS_RULE).meta({
  description: '`focus`: sessions, counted in seconds. `activity`: check-ins',
});

/** How many items a page may have. */
export function limitParameter(most: number, usual: number) {
  return wholeNumberParameter(1, most).default(usual).meta({ description: 'Most items of the answer' });
}

/** A whole number in plain digits. */
export function wholeNumberParameter(least: number, most: number) {
  const error = faultText('NOT_A_WHOLE_NUMBER', `must be a whole number from ${least} to ${most}`);
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value),
    z.int({ error }).min(least, { error }).max(most, { error }),
  );
}

/** A + that was not written %2B arrives as a space, which neither an instant nor a zone's name has. */
function restorePlus(text: string): string {
  return text.replaceAll(' ', '+');
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
