import type { Header, Parameter, Reference } from './openapi-document';

const requestId = {
  description: 'Correlation id: in the logs, in the Kafka record and in the history.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9._:/+=@-]{1,128}$' },
} as const;

/** Headers that answers of every route can have. */
export const sharedHeaders: Readonly<Record<string, Header>> = {
  'X-Request-Id': { ...requestId, required: true },
  'Retry-After': {
    description: 'Seconds after which it is worth to ask again.',
    schema: { type: 'string', pattern: '^[0-9]+$' },
  },
};

export const sharedParameters: Readonly<Record<string, Parameter>> = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    ...requestId,
    description: `${requestId.description} One is made where none is given, or one that is not well formed.`,
  },
};

export const requestIdParameter: Reference = { $ref: '#/components/parameters/RequestId' };

export function sharedHeader(name: 'X-Request-Id' | 'Retry-After'): Reference {
  return { $ref: `#/components/headers/${name}` };
}
