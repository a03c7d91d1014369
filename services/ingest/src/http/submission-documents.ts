import { jsonResponse, problemResponse, type ResponseDocument } from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import { changeTypeSchema } from '../waiting/event-outcome';
import { maxWaitSeconds } from '../waiting/prefer-wait';

/** Of routes that can wait for the processor. */
export const preferHeaders = z.object({
  Prefer: z
    .string()
    .optional()
    .meta({
      description: `\`wait=N\`: wait up to N seconds, at most ${maxWaitSeconds}, for the processor (RFC 7240)`,
      examples: ['wait=10'],
    }),
});

export const streakSchema = z
  .object({
    currentStreak: z.int().min(0),
    longestStreak: z.int().min(0),
    lastQualifiedDate: z.iso.date().nullable(),
    qualifiedDaysCount: z.int().min(0),
  })
  .meta({ id: 'Streak', description: 'As of now, as `GET /users/{userId}/streak` of query-api tells it' });

export const changeTypeMember = changeTypeSchema
  .optional()
  .meta({ description: 'What the event did; absent where its day does not count yet' });

const statusUrl = z.url().meta({ description: 'Where query-api tells what became of it' });
export const preferenceApplied = z
  .string()
  .optional()
  .meta({ description: 'Present where the processor was waited for' });

export type SubmissionDocument = {
  /** Members of every answer. */
  readonly event: z.ZodRawShape;
  readonly hasStatusUrl: boolean;
  /** Status of an event that the processor stored. */
  readonly processed: 200 | 201;
  /** Further members once the processor has told. */
  readonly told: z.ZodRawShape;
};

/** The answers that `answerSubmission` gives, and the problems of a route that publishes. */
export function submissionResponses(document: SubmissionDocument): Readonly<Record<number, ResponseDocument>> {
  const { hasStatusUrl, processed, told } = document;
  const event = { ...document.event, ...(hasStatusUrl ? { statusUrl } : {}) };
  const headers = z.object({
    ...(hasStatusUrl ? { Location: statusUrl } : {}),
    'Preference-Applied': preferenceApplied,
  });
  const unchanged = ['duplicate', 'retracted', 'erased'] as const;
  const described = (status: z.ZodType) => z.object({ ...event, status, ...told });
  return {
    ...(processed === 201 ? { 201: jsonResponse('Stored.', described(z.literal('processed')), headers) } : {}),
    200: jsonResponse(
      processed === 201 ? 'Nothing was to be stored.' : 'The processor has seen it.',
      described(processed === 201 ? z.enum(unchanged) : z.enum(['processed', ...unchanged])),
      headers,
    ),
    202: jsonResponse(
      'Every in-sync replica of Kafka has it.',
      z.object({ ...event, status: z.literal('accepted') }),
      headers,
    ),
    400: problemResponse('Faults, all of them named; nothing was published.'),
    422: problemResponse('Published, but refused by the processor.', {
      members: { ...event, reason: z.string().meta({ description: 'Code of the dead letter' }) },
      headers,
    }),
    503: publishUnavailable,
  };
}

export const publishUnavailable = problemResponse(
  'Kafka or the registry is away, or too much is waiting. Repeating is safe.',
);
