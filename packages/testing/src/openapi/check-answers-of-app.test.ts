import { createServiceDocument } from '@streaks/shared/http/openapi/openapi-routes';
import { jsonResponse } from '@streaks/shared/http/openapi/route-document';
import { sendJson } from '@streaks/shared/http/send-json';
import express from 'express';
import request from 'supertest';
import { z } from 'zod';
import { checkAnswersOfApp, takeFaults } from './check-answers-of-app';

const document = createServiceDocument({
  title: 'Test',
  documents: [
    {
      method: 'get',
      path: '/count/{way}',
      operationId: 'getCount',
      tag: 'test',
      summary: 'A number',
      request: { params: z.object({ way: z.string() }) },
      responses: { 200: jsonResponse('It.', z.object({ count: z.int(), text: z.string() })) },
    },
  ],
});

const good = { count: 1, text: 'ü€' };
const ways: Readonly<Record<string, (response: express.Response, body: object) => void>> = {
  fast: (response, body) => sendJson(response, 200, body, { 'X-Request-Id': 'r' }),
  express: (response, body) => void response.setHeader('X-Request-Id', 'r').json(body),
  chunks: (response, body) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'X-Request-Id': 'r' });
    for (const byte of Buffer.from(JSON.stringify(body))) response.write(Buffer.of(byte));
    response.end();
  },
};

function createApp(body: object) {
  const app = express();
  app.get('/count/:way', (req, res) => ways[req.params.way]?.(res, body));
  return checkAnswersOfApp(app, document);
}

describe.each(Object.keys(ways))('checkAnswersOfApp, of an answer written the way %s', (way) => {
  it('finds no fault where there is none, and changes nothing', async () => {
    const { body } = await request(createApp(good)).get(`/count/${way}?a=1`).expect(200);
    expect(body).toEqual(good);
    expect(takeFaults()).toEqual([]);
  });

  it('finds a fault', async () => {
    await request(createApp({ ...good, extra: 1 }))
      .get(`/count/${way}`)
      .expect(200);
    expect(takeFaults()).toEqual([
      `GET /count/${way} -> 200: body must NOT have additional properties {"additionalProperty":"extra"}`,
    ]);
  });
});
