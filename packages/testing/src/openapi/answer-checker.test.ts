import { createServiceDocument } from '@streaks/shared/http/openapi/openapi-routes';
import {
  jsonResponse,
  jsonText,
  problemResponse,
  type RouteDocument,
} from '@streaks/shared/http/openapi/route-document';
import { z } from 'zod';
import { type Answer, createAnswerChecker } from './answer-checker';

const streak = z.object({
  userId: z.string(),
  days: z.array(z.object({ date: z.iso.date(), note: z.string().nullable() })),
});

const documents: readonly RouteDocument[] = [
  {
    method: 'get',
    path: '/streak/{userId}',
    operationId: 'getStreak',
    tag: 'Streaks',
    summary: 'A streak',
    request: { params: z.object({ userId: z.string() }) },
    responses: {
      200: jsonResponse('It.', streak.meta({ id: 'Streak' }), z.object({ 'Content-Language': z.enum(['en']) })),
      422: problemResponse('Refused.', { members: { reason: z.string() } }),
    },
  },
  {
    method: 'get',
    path: '/streak/leaderboard',
    operationId: 'getLeaderboard',
    tag: 'Streaks',
    summary: 'The best',
    responses: { 200: jsonResponse('They.', z.array(z.string())), 204: { description: 'Nobody.' } },
  },
  {
    method: 'get',
    path: '/stream',
    operationId: 'streamStreaks',
    tag: 'Streaks',
    summary: 'As they change',
    responses: {
      200: {
        description: 'Events.',
        content: { 'text/event-stream': z.object({ id: z.string(), data: jsonText(z.object({ count: z.int() })) }) },
      },
    },
  },
];

const check = createAnswerChecker(createServiceDocument({ title: 'Test', documents }));

const good = { userId: 'u', days: [{ date: '2025-01-15', note: null }] };
const problem = { type: 't', title: 't', status: 404, code: 'STREAKS_ROUTE_NOT_FOUND', requestId: 'r' };

function answer(changes: Partial<Omit<Answer, 'body'>> & { readonly body?: unknown } = {}): Answer {
  const { body = good, headers = {}, ...rest } = changes;
  return {
    method: 'GET',
    path: '/streak/u',
    status: 200,
    ...rest,
    headers: {
      'x-request-id': 'r',
      'content-type': 'application/json; charset=utf-8',
      'content-language': 'en',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

const stream = (...frames: readonly string[]) =>
  answer({
    path: '/stream',
    headers: { 'content-type': 'text/event-stream' },
    body: frames.map((frame) => `${frame}\n\n`).join(''),
  });

const ofProblem = { 'content-type': 'application/problem+json; charset=utf-8' };

describe('createAnswerChecker', () => {
  it.each<[string, Answer]>([
    ['as documented', answer()],
    ['to HEAD, which has no body', answer({ method: 'HEAD', body: '' })],
    ['to a path in other capitals, with a slash at the end', answer({ path: '/Streak/u%2F1/' })],
    ['of the path that is written out', answer({ path: '/streak/leaderboard', body: ['u'] })],
    [
      'that is a stream',
      stream('retry: 1000\nid: 1', 'id: 2\ndata: {"count":1}', ': heartbeat', 'id: 3\ndata:{"count":2}'),
    ],
    ['without a body', answer({ path: '/streak/leaderboard', status: 204, body: '' })],
    ['404 to an unknown path', answer({ path: '/nowhere', status: 404, headers: ofProblem, body: problem })],
    ['405 to an unknown method', answer({ method: 'PUT', status: 405, headers: ofProblem, body: problem })],
    ['with a member of its own', answer({ status: 422, headers: ofProblem, body: { ...problem, reason: 'r' } })],
    [
      'that is text',
      answer({ path: '/metrics', headers: { 'content-type': 'text/plain; version=0.0.4' }, body: 'a 1' }),
    ],
    [
      'with facts that are documented as open',
      answer({ path: '/health', body: { status: 'up', service: 's', checks: { a: 'up' }, fact: 1 } }),
    ],
  ])('finds no fault with an answer %s', (_name, given) => {
    expect(check(given)).toEqual([]);
  });

  it.each<[string, Answer, RegExp]>([
    ['an undocumented status', answer({ status: 201 }), /^the status is not documented$/],
    ['a body that is no JSON', answer({ body: '{' }), /^body must be object/],
    ['a missing property', answer({ body: { days: [] } }), /^body must have required property 'userId'/],
    [
      'an unknown property',
      answer({ body: { ...good, extra: 1 } }),
      /^body must NOT have additional properties .*extra/,
    ],
    [
      'an unknown property further in',
      answer({ body: { userId: 'u', days: [{ date: '2025-01-15', note: 'n', extra: 1 }] } }),
      /^body\/days\/0 must NOT have additional properties .*extra/,
    ],
    [
      'a date that does not exist',
      answer({ body: { userId: 'u', days: [{ date: '2025-02-30', note: null }] } }),
      /^body\/days\/0\/date must match format "date"/,
    ],
    [
      'another content type',
      answer({ headers: { 'content-type': 'text/html' } }),
      /^content type text\/html, not application\/json$/,
    ],
    [
      'a body where there is none',
      answer({ path: '/streak/leaderboard', status: 204, body: 'x' }),
      /^a body, though none/,
    ],
    ['an event without its id', stream('data: {"count":1}'), /^event must have required property 'id'/],
    ['an event with other data', stream('id: 1\ndata: {"count":1,"extra":1}'), /^event\/data must hold JSON as/],
    ['an event whose data is no JSON', stream('id: 1\ndata: one'), /^event\/data must hold JSON as/],
    [
      'a header that is another',
      answer({ headers: { 'content-language': 'fr' } }),
      /^header Content-Language must be equal to one of/,
    ],
    [
      'a correlation id that is none',
      answer({ headers: { 'x-request-id': 'a b' } }),
      /^header X-Request-Id must match pattern/,
    ],
    [
      'an unknown code',
      answer({ status: 422, headers: ofProblem, body: { ...problem, reason: 'r', code: 'X' } }),
      /^body\/code must be equal to one of/,
    ],
    [
      'an unknown member of a problem',
      answer({ path: '/nowhere', status: 404, headers: ofProblem, body: { ...problem, extra: 1 } }),
      /^body must NOT have additional/,
    ],
    ['an answer of a route that is not documented', answer({ path: '/nowhere' }), /^neither path nor method/],
    [
      'a 404 that is no problem',
      answer({ path: '/nowhere', status: 404, body: problem }),
      /^content type application\/json, not application\/problem/,
    ],
  ])('finds %s', (_name, given, fault) => {
    expect(check(given)).toEqual([expect.stringMatching(fault)]);
  });

  it('finds a missing header', () => {
    const { 'content-language': _, ...headers } = answer().headers;
    expect(check({ ...answer(), headers })).toEqual(['header Content-Language is missing']);
  });
});
