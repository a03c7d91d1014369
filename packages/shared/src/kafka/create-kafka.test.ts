import { createServer } from 'node:net';
import pino from 'pino';
import { createKafka } from './create-kafka';

async function linesOf(use: (logger: pino.Logger) => Promise<void>): Promise<readonly Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  await use(pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) }));
  return lines;
}

it('takes no warning about partitioners, and says what kafkajs says as fields of constant events', async () => {
  const lines = await linesOf(async (logger) => {
    const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test', logger, retry: { retries: 1 } });
    kafka.producer();
    await expect(kafka.admin({ retry: { retries: 0 } }).connect()).rejects.toThrow();
  });
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    expect(line).toMatchObject({ msg: 'kafka_client', component: expect.any(String), detail: expect.any(String) });
    expect(line['detail']).not.toMatch(/partitioner/);
    // Errors are for those who give up: kafkajs is about to try again.
    expect(line['level']).toBeLessThan(50);
  }
});

it('gives up a broker that takes the connection and never answers', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const logger = pino({ level: 'silent' });
  const admin = createKafka({
    brokers: [`127.0.0.1:${port}`],
    clientId: 'test',
    logger,
    connectionTimeoutMs: 50,
    requestTimeoutMs: 50,
    retry: { retries: 0 },
  }).admin();
  await expect(admin.connect()).rejects.toThrow();
  await admin.disconnect();
  server.close();
});
