import { HttpProblem } from '@streaks/shared/errors/problem';
import type { RouteDocument } from '@streaks/shared/http/openapi/route-document';
import type { Request } from 'express';
import { z } from 'zod';
import { faultText } from './fault-text';
import { dayParameter, idSchema, limitParameter, ruleParameter, userParams } from './parameters';
import { createRequestParser } from './parse-request';

const document = {
  method: 'post',
  path: '/users/{userId}/things',
  operationId: 'postThings',
  tag: 't',
  summary: 's',
  request: {
    params: userParams,
    query: z.object({ from: dayParameter.optional(), ruleId: ruleParameter, limit: limitParameter(10, 5) }),
    headers: z.object({ 'X-Number': z.string().optional() }),
    body: { 'application/json': z.object({ ids: z.array(idSchema), note: z.object({ text: z.string() }).optional() }) },
  },
  responses: {},
} satisfies RouteDocument;

const parse = createRequestParser(document);

function requestOf(parts: {
  userId?: string;
  query?: object;
  headers?: Record<string, string>;
  body?: unknown;
}): Request {
  const { userId = 'u', query = {}, headers = {}, body = { ids: [] } } = parts;
  return { params: { userId }, query, body, get: (name: string) => headers[name.toLowerCase()] } as unknown as Request;
}

function faultsOf(parts: Parameters<typeof requestOf>[0]): readonly (readonly [string, string])[] {
  try {
    parse(requestOf(parts));
    return [];
  } catch (error) {
    if (error instanceof HttpProblem) {
      return (error.errors ?? []).map(({ field, code }) => [field, code]);
    }
    throw error;
  }
}

describe('createRequestParser', () => {
  it('reads every part, with defaults', () => {
    expect(
      parse(requestOf({ query: { from: '1970-01-02' }, headers: { 'x-number': '7' }, body: { ids: ['a'] } })),
    ).toEqual({
      params: { userId: 'u' },
      query: { from: 1, ruleId: 'focus', limit: 5 },
      headers: { 'X-Number': '7' },
      body: { ids: ['a'] },
    });
  });

  it('passes over what it does not know', () => {
    expect(parse(requestOf({ query: { page: '2' } })).query).toEqual({ ruleId: 'focus', limit: 5 });
  });

  it('names every fault of all parts, in their order and by their place', () => {
    expect(
      faultsOf({
        userId: 'a b',
        query: { from: '2025-02-30', ruleId: 'steps', limit: '11' },
        body: { ids: ['ok', '', 7], note: {} },
      }),
    ).toEqual([
      ['userId', 'INVALID_ID'],
      ['from', 'NOT_A_DATE'],
      ['ruleId', 'UNKNOWN_RULE'],
      ['limit', 'NOT_A_WHOLE_NUMBER'],
      ['ids[1]', 'INVALID_ID'],
      ['ids[2]', 'INVALID_ID'],
      ['note.text', 'INVALID'],
    ]);
  });

  it.each(['', '0', '-1', '1.5', '1e1', ' 5', '0x5', '11', ['5', '5']])('refuses the limit %j', (limit) => {
    expect(faultsOf({ query: { limit } })).toEqual([['limit', 'NOT_A_WHOLE_NUMBER']]);
  });

  it.each(['1', '10', '007'])('takes the limit %j', (limit) => {
    expect(parse(requestOf({ query: { limit } })).query.limit).toBe(Number(limit));
  });

  it('asks for a body where none was read', () => {
    const request = { ...requestOf({}), body: undefined } as Request;
    expect(() => parse(request)).toThrow(expect.objectContaining({ code: 'STREAKS_UNSUPPORTED_MEDIA_TYPE' }));
  });
});

describe('faultText', () => {
  it('puts the name of the field before the message, and none before that of the whole', () => {
    const schema = z.string({ error: faultText('NOT_A_TEXT', 'must be a text') });
    const whole = createRequestParser({
      ...document,
      request: { body: { 'application/json': schema } },
    } satisfies RouteDocument);
    expect(() => whole(requestOf({ body: 7 }))).toThrow(
      expect.objectContaining({ errors: [{ field: '', code: 'NOT_A_TEXT', message: 'must be a text' }] }),
    );
    try {
      parse(requestOf({ query: { from: 'x' } }));
    } catch (error) {
      expect(error).toMatchObject({ errors: [{ message: 'from must be an existing date such as 2025-01-15' }] });
    }
    expect.assertions(2);
  });
});
