import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { requestJson } from '../http/request-json';
import { noonZone } from './noon-zone';

const DAY_MS = 86_400_000;
const timezone = noonZone(Date.now());

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await startPipeline({ ingest: true, queryApi: true });
}, 90_000);
afterAll(() => pipeline?.stop(), 60_000);

function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  return requestJson(`${pipeline.ingest?.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function changeTypesOf(userId: string): Promise<readonly string[]> {
  const { rows } = await pipeline.pool.query<{ change_type: string }>(
    `SELECT change_type FROM streak_history WHERE user_id = $1 AND rule_id = 'activity' ORDER BY version`,
    [userId],
  );
  return rows.map((row) => row.change_type);
}

describe('POST /api/streak/update', () => {
  it('a hundred at once for one user make the streak one day longer, and none fails', async () => {
    const yesterday = new Date(Date.now() - DAY_MS).toISOString();
    const before = await post('/check-ins', { userId: 'ada', timezone, at: yesterday }, { Prefer: 'wait=20' });
    expect([before.status, before.body]).toMatchObject([
      201,
      { changeType: 'FIRST_ACTIVITY', streak: { currentStreak: 1 } },
    ]);

    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post('/api/streak/update', { userId: 'ada', timezone }, { Prefer: 'wait=30' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
    const told = answers.map(({ body }) => body as { change_type: string; current_streak: number; success: boolean });
    expect(told.every((one) => one.success && one.current_streak === 2)).toBe(true);
    const increments = told.filter((one) => one.change_type === 'STREAK_INCREMENT');
    expect(increments).toHaveLength(1);
    expect(told.filter((one) => one.change_type === 'STREAK_MAINTAINED')).toHaveLength(99);
    expect(await changeTypesOf('ada')).toEqual(['FIRST_ACTIVITY', 'STREAK_INCREMENT']);
    const { rows } = await pipeline.pool.query('SELECT count(*)::int AS n FROM check_ins WHERE user_id = $1', ['ada']);
    expect(rows).toEqual([{ n: 101 }]);
  }, 90_000);

  it('answers 202 where it does not wait, with an address that tells when it is processed', async () => {
    const { status, body } = await post(
      '/api/streak/update',
      { userId: 'grace', timezone: 'Mars' },
      { Prefer: 'wait=0' },
    );
    expect(status).toBe(202);
    const { check_in_id, status_url } = body as { check_in_id: string; status_url: string };
    const { pathname } = new URL(status_url);
    expect(pathname).toBe(`/check-ins/grace/${check_in_id}`);
    const lookUp = () => requestJson(`${pipeline.queryApi?.url}${pathname}`);
    await waitFor(async () => (await lookUp()).status === 200, { description: 'the update to be processed' });
    expect((await lookUp()).body).toMatchObject({ status: 'processed', timezone: 'UTC' });
  }, 60_000);

  it('a process that ends with waits open tells them at once', async () => {
    for (const processor of pipeline.processors) await processor.stop();
    const startedMs = performance.now();
    const waiting = post('/api/streak/update', { userId: 'edsger', timezone }, { Prefer: 'wait=30' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await pipeline.ingest?.stop();
    expect((await waiting).status).toBe(202);
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  }, 60_000);
});
