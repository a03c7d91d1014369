import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { dailySession } from '../producers/session-factory';
import { toJson } from '../producers/session-producer';
import { waitUntilApplied } from '../state/wait-until-applied';

const CLIENTS = 20;

describe('SIGTERM to ingest under load', () => {
  let pipeline: Pipeline;

  beforeAll(async () => {
    pipeline = await startPipeline({ ingest: true });
  }, 60_000);

  afterAll(() => pipeline?.stop(), 60_000);

  it('answers or refuses what is on its way, loses nothing acknowledged, and ends with 0', async () => {
    const { ingest } = pipeline;
    if (ingest === undefined) throw new Error('no ingest');
    const acknowledged = new Set<string>();
    const stopped = new AbortController();
    const client = async (number: number): Promise<void> => {
      for (let n = 0; !stopped.signal.aborted; n += 1) {
        const session = dailySession(`client-${number}`, n % 200);
        const id = `${session.sessionId}-${n}`;
        const body = toJson({ ...session, sessionId: id });
        try {
          const headers = { 'content-type': 'application/json' };
          const { status } = await fetch(`${ingest.url}/sessions`, { method: 'POST', headers, body });
          if (status === 202) acknowledged.add(id);
          else return;
        } catch {
          return; // refused or cut off: not acknowledged
        }
      }
    };
    const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
    await waitFor(() => acknowledged.size > 500, { description: '500 acknowledged sessions', timeoutMs: 30_000 });
    const exit = await ingest.stop();
    stopped.abort();
    await Promise.all(clients);
    expect(exit).toEqual({ code: 0, signal: null });

    await waitUntilApplied(pipeline);
    const { rows } = await pipeline.pool.query<{ session_id: string }>('SELECT session_id FROM focus_sessions');
    const applied = new Set(rows.map((row) => row.session_id));
    expect([...acknowledged].filter((id) => !applied.has(id))).toEqual([]);
  }, 90_000);
});
