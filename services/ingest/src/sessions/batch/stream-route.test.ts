import { request as httpRequest } from 'node:http';
import { listen } from '@streaks/shared/http/listen';
import { KafkaUnavailableError } from '@streaks/shared/kafka/producer/reliable-producer';
import { waitFor } from '@streaks/testing/wait-for';
import request from 'supertest';
import { createTestApp, goodBody, sessionIdOf } from '../../ingest-app.fixture';

const line = (sessionId: string) => `${JSON.stringify({ ...goodBody, sessionId })}\n`;
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one));

async function post(app: Parameters<typeof request>[0], body: string | Buffer) {
  return await request(app)
    .post('/sessions/batch')
    .set('Content-Type', 'application/x-ndjson')
    .buffer(true)
    .parse((response, done) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => done(null, Buffer.concat(parts).toString('utf8')));
    })
    .serialize((sent: unknown) => sent as string)
    .send(body as unknown as object);
}

describe('POST /sessions/batch with NDJSON', () => {
  it('answers a line for each line and a summary', async () => {
    const { app, published } = createTestApp();
    const tooLong = `{"userId":"${'x'.repeat(20_000)}"}\n`;
    const response = await post(app, `${line('a')}{"broken"\n\r\n${tooLong}${line('b').trimEnd()}`);
    expect(response.status).toBe(202);
    expect(linesOf(response.body)).toEqual([
      { index: 0, status: 'accepted', sessionId: 'a' },
      { index: 1, status: 'rejected', errors: [expect.objectContaining({ code: 'MALFORMED_JSON' })] },
      { index: 2, status: 'rejected', errors: [expect.objectContaining({ code: 'LINE_TOO_LONG' })] },
      { index: 3, status: 'accepted', sessionId: 'b' },
      { complete: true, accepted: 2, rejected: 2 },
    ]);
    expect(published).toHaveLength(2);
  });

  it('takes thousands of lines, in order', async () => {
    const { app, published } = createTestApp();
    const count = 5_000;
    const response = await post(app, Array.from({ length: count }, (_, index) => line(`s${index}`)).join(''));
    const results = linesOf(response.body);
    expect(results.at(-1)).toEqual({ complete: true, accepted: count, rejected: 0 });
    expect(results.slice(0, -1).every(({ index, sessionId }, at) => index === at && sessionId === `s${at}`)).toBe(true);
    expect(published).toHaveLength(count);
  });

  it('answers 400 when no line is a session, or there is no line', async () => {
    const { app } = createTestApp();
    const none = await post(app, '{}\n[]\n');
    expect(none.status).toBe(400);
    expect(JSON.parse(none.body)).toMatchObject({ code: 'STREAKS_NO_SESSION_ACCEPTED', rejected: 2 });
    expect(JSON.parse((await post(app, '\n\n')).body)).toMatchObject({ status: 400, errors: [{ code: 'EMPTY' }] });
  });

  it('rejects a line that is no UTF-8, whose id would else become that of another session', async () => {
    const { app, published } = createTestApp();
    const [before = '', after = ''] = line('X').split('X');
    const broken = Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
    const response = await post(app, Buffer.concat([broken, Buffer.from(line('good'))]));
    expect(linesOf(response.body)[0]).toMatchObject({ status: 'rejected', errors: [{ code: 'MALFORMED_JSON' }] });
    expect(published.map(({ event }) => sessionIdOf(event))).toEqual(['good']);
  });

  it('answers 503 when Kafka is away from the start', async () => {
    const { app, control } = createTestApp();
    control.publish = () => Promise.reject(new KafkaUnavailableError('not_sent', 'away'));
    const response = await post(app, line('a').repeat(2_000));
    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toBe('2');
  });

  it('says where it stopped when Kafka goes away half way', async () => {
    const { app, control } = createTestApp();
    control.publish = async (event) => {
      if (sessionIdOf(event) === 's700') throw new KafkaUnavailableError('unknown', 'away');
    };
    const response = await post(app, Array.from({ length: 2_000 }, (_, index) => line(`s${index}`)).join(''));
    const results = linesOf(response.body);
    expect(results).toHaveLength(501);
    expect(results.at(-1)).toMatchObject({
      complete: false,
      accepted: 500,
      error: { code: 'STREAKS_KAFKA_UNAVAILABLE' },
    });
  });

  it('takes what fits the documented length and says that the rest was not read', async () => {
    const { app, published } = createTestApp({ maxStreamSessions: 3 });
    const results = linesOf((await post(app, line('a').repeat(5))).body);
    expect(results).toHaveLength(4);
    expect(results.at(-1)).toMatchObject({ complete: false, accepted: 3, error: { code: 'STREAKS_BODY_TOO_LARGE' } });
    expect(published).toHaveLength(3);
  });

  it('reads no further while Kafka is slow, so memory stays bounded', async () => {
    const { app, control } = createTestApp();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let reached = 0;
    control.publish = () => {
      reached += 1;
      return gate;
    };
    const listener = await listen(app, { host: '127.0.0.1', port: 0, insecure: false });
    const sending = httpRequest({
      port: listener.port,
      method: 'POST',
      path: '/sessions/batch',
      headers: { 'Content-Type': 'application/x-ndjson' },
    });
    const answered = new Promise<number>((resolve) => {
      sending.on('response', (response) => {
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
        });
        response.on('end', () => resolve(bytes));
      });
    });
    const chunk = Array.from({ length: 1_000 }, (_, index) => line(`s${index}`)).join('');
    // More than sockets and streams hold between them: 60 chunks of some 150 KB.
    let isHeldBack = false;
    for (let sent = 0; sent < 60; sent += 1) isHeldBack = !sending.write(chunk);
    sending.end();
    await waitFor(() => reached === 500, { description: 'the first chunk to be under way' });
    expect(isHeldBack).toBe(true);
    expect(sending.writableLength).toBeGreaterThan(1_000_000);
    expect(reached).toBe(500);
    open();
    expect(await answered).toBeGreaterThan(0);
    expect(reached).toBe(60_000);
    await listener.close(1_000);
  });

  it('refuses a compressed stream', async () => {
    const { app } = createTestApp();
    const response = await request(app)
      .post('/sessions/batch')
      .set('Content-Type', 'application/x-ndjson')
      .set('Content-Encoding', 'gzip')
      .send(line('a'));
    expect(response.status).toBe(415);
  });
});
