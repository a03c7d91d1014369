import { z } from 'zod';
import { type ProblemCode, problemCatalog } from '../../errors/problem-catalog';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

const codes = Object.keys(problemCatalog) as [ProblemCode, ...ProblemCode[]];

export const problemFaultSchema = z
  .object({
    field: z.string().meta({ description: "Path in the body or query, `''` for the whole", examples: ['startTime'] }),
    code: z.string().meta({ description: 'Stable name of the fault', examples: ['NOT_AN_INSTANT'] }),
    message: z.string(),
  })
  .meta({ id: 'ProblemFault', description: 'One fault of a request' });

/** What `problemDocument` makes of a problem without members of its own. */
export const problemSchema = z
  .object({
    type: z.string().meta({
      description: '`urn:streaks:problem:` and the code',
      examples: ['urn:streaks:problem:STREAKS_INVALID_REQUEST'],
    }),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.enum(codes).meta({ id: 'ProblemCode', description: 'Stable: branch on it, never on the texts' }),
    detail: z.string().optional(),
    errors: z.array(problemFaultSchema).optional().meta({ description: 'Every fault that was found' }),
    requestId: z.string().meta({ description: 'The same as `X-Request-Id`' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457). A client ignores members it does not know.' });
