import { createStreaksClient } from './create-streaks-client';

/** A client whose requests go nowhere, and what they were. */
function createRecorded(answer: Response) {
  const requests: Request[] = [];
  const client = createStreaksClient({
    ingestUrl: 'http://ingest.example',
    queryUrl: 'http://query.example/',
    headers: { 'X-Request-Id': 'r-1' },
    fetch: async (request) => {
      requests.push(request);
      return answer.clone();
    },
  });
  return { client, requests };
}

const streak = {
  userId: 'a/b',
  currentStreak: 1,
  longestStreak: 2,
  lastQualifiedDate: '2025-01-15',
  qualifiedDaysCount: 2,
};
const json = (status: number, body: object, type = 'application/json') =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': type } });

describe('createStreaksClient', () => {
  it('asks query-api, with ids and parameters escaped', async () => {
    const { client, requests } = createRecorded(json(200, streak));
    const { data } = await client.query.GET('/users/{userId}/streak', {
      params: { path: { userId: 'a/b' }, query: { at: '2025-01-15T10:00:00+01:00' } },
    });
    expect(data?.currentStreak).toBe(1);
    expect(requests.map(({ url }) => url)).toEqual([
      'http://query.example/users/a%2Fb/streak?at=2025-01-15T10%3A00%3A00%2B01%3A00',
    ]);
    expect(requests[0]?.headers.get('X-Request-Id')).toBe('r-1');
  });

  it('writes to ingest', async () => {
    const { client, requests } = createRecorded(json(202, { ...streak, status: 'accepted' }));
    const body = { userId: 'ada', timezone: 'Europe/London' };
    const { response } = await client.ingest.POST('/check-ins', { body, params: { header: { Prefer: 'wait=5' } } });
    expect(response.status).toBe(202);
    const [request] = requests;
    expect([request?.method, request?.url]).toEqual(['POST', 'http://ingest.example/check-ins']);
    expect(request?.headers.get('Prefer')).toBe('wait=5');
    expect(request?.headers.get('Content-Type')).toBe('application/json');
    expect(await request?.json()).toEqual(body);
  });

  it('gives the problem document of a refusal', async () => {
    const problem = { type: 't', title: 't', status: 400, code: 'STREAKS_INVALID_REQUEST', requestId: 'r-1' };
    const { client } = createRecorded(json(400, problem, 'application/problem+json'));
    const { data, error, response } = await client.query.GET('/users/{userId}/streak', {
      params: { path: { userId: ' ' } },
    });
    expect(data).toBeUndefined();
    expect(error?.code).toBe('STREAKS_INVALID_REQUEST');
    expect(response.status).toBe(400);
  });

  it('knows which routes and members there are', async () => {
    const { client } = createRecorded(json(200, streak));
    const params = { path: { userId: 'ada' } };
    // @ts-expect-error: there is no such route
    await client.query.GET('/users/{userId}/streaky', { params });
    // @ts-expect-error: the time zone is missing
    await client.ingest.POST('/check-ins', { body: { userId: 'ada' } });
    const { data } = await client.query.GET('/users/{userId}/streak', { params });
    // @ts-expect-error: there is no such member
    expect(data?.currentStrike).toBeUndefined();
  });
});
