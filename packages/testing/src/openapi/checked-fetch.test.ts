import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServiceDocument } from '@streaks/shared/http/openapi/openapi-routes';
import { createCheckedFetch } from './checked-fetch';

const live = { status: 'up', service: 'test' };

async function withServer<T>(body: object, work: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'X-Request-Id': 'r' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('createCheckedFetch', () => {
  const checkedFetch = createCheckedFetch(createServiceDocument({ title: 'Test', documents: [] }));
  const ask = (body: object) =>
    withServer(body, async (url) => (await checkedFetch(new Request(`${url}/health/live?a=1`))).json());

  it('gives back what is as documented', async () => {
    expect(await ask(live)).toEqual(live);
  });

  it('rejects what is not', async () => {
    await expect(ask({ ...live, extra: 1 })).rejects.toThrow(/GET .*\/health\/live\?a=1 -> 200: body must NOT have/);
  });
});
