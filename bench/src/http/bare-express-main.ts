import cluster from 'node:cluster';
import { createInterface } from 'node:readline';
import express from 'express';

/**
 * The baseline: Express 5 and nothing else. `BARE_ANSWER` is the JSON text that GET answers; a POST parses its JSON and answers what ingest
 * answers. `BARE_WORKERS` processes share the port. Prints the port once it listens; ends when its input does.
 */
const { BARE_ANSWER = '{}', BARE_WORKERS = '1' } = process.env;

function serve(port: number, onListening: (port: number) => void): void {
  const answer: unknown = JSON.parse(BARE_ANSWER);
  const app = express();
  app.get('/users/:userId/streak', (_request, response) => void response.json(answer));
  app.post('/sessions', express.json(), (request, response) => {
    const { userId, sessionId } = request.body as { userId: string; sessionId: string };
    const statusUrl = `http://127.0.0.1:3002/sessions/${encodeURIComponent(userId)}/${encodeURIComponent(sessionId)}`;
    response.status(202).json({ sessionId, userId, statusUrl, status: 'accepted' });
  });
  app.post('/api/streak/update', express.json(), (request, response) => {
    const { userId } = request.body as { userId: string };
    response.json({
      success: userId !== '',
      current_streak: 1,
      longest_streak: 1,
      last_active_date: '2026-01-15',
      change_type: 'STREAK_MAINTAINED',
      message: 'The day counted already.',
    });
  });
  const server = app.listen(port, '127.0.0.1', () => {
    const address = server.address();
    if (address !== null && typeof address !== 'string') onListening(address.port);
  });
}

function runPrimary(workers: number): void {
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    listening += 1;
    if (listening === workers) console.log(port);
  });
  for (let worker = 0; worker < workers; worker += 1) cluster.fork();
}

if (cluster.isWorker) {
  serve(0, () => undefined);
} else {
  const workers = Number(BARE_WORKERS);
  if (workers > 1) runPrimary(workers);
  else serve(0, (port) => console.log(port));
  createInterface({ input: process.stdin }).on('close', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.kill('SIGKILL');
    process.exit(0);
  });
}
