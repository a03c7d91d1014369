import { jsonText, problemResponse, type RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import { streakChangeSchema } from '../history/history-documents';
import { countSchema, instantSchema, ruleIdSchema } from '../http/documents/answer-parts';
import { readProblems } from '../http/documents/problems';
import { userParams } from '../http/requests/parameters';
import { eventIdParameter } from './event-position';

const erasedSchema = z
  .object({ ruleId: ruleIdSchema, versionAfter: countSchema, recordedAt: instantSchema })
  .meta({ id: 'ErasedEvent' });
const resetSchema = z.object({ ruleId: ruleIdSchema, versionAfter: countSchema }).meta({ id: 'ResetEvent' });

function eventOf<Name extends string>(name: Name, data: z.ZodType) {
  return z.object({ id: z.string(), event: z.literal(name), data: jsonText(data) });
}

/** Of each event: OpenAPI 3.1 has no other way to tell of a stream. */
const eventSchema = z.discriminatedUnion('event', [
  eventOf('change', streakChangeSchema),
  eventOf('erased', erasedSchema),
  eventOf('reset', resetSchema),
]);

export const streamDocument = {
  method: 'get',
  path: '/users/{userId}/stream',
  operationId: 'streamChanges',
  tag: 'History',
  summary: 'Changes of the streaks of a user as they are stored',
  description: `Server-Sent Events. Without an id the stream begins now; with the id of the last event that was seen, what came after it follows first, without gap or repeat.

| event | data |
| --- | --- |
| \`change\` | a \`StreakChange\`, as in \`/users/{userId}/history\` |
| \`erased\` | \`{ ruleId, versionAfter, recordedAt }\`: the user was erased; whatever came before is void |
| \`reset\` | \`{ ruleId, versionAfter }\`: changes up to this version cannot be told (any more). Read the streak anew; later ones follow |

A comment every 15 seconds keeps the connection open. A client that does not read is cut off.`,
  request: {
    params: userParams,
    query: z.object({
      lastEventId: eventIdParameter
        .optional()
        .meta({ description: 'Where a client cannot set the header `Last-Event-ID`' }),
    }),
    headers: z.object({ 'Last-Event-ID': eventIdParameter.optional() }),
  },
  responses: {
    200: {
      description: 'The stream.',
      content: { 'text/event-stream': eventSchema },
    },
    ...readProblems,
    503: problemResponse(
      '`STREAKS_STORE_UNAVAILABLE`: Postgres is away. `STREAKS_TOO_MANY_STREAMS`: the process has no place left. Ask again.',
    ),
  },
} satisfies RouteDocument;
