import { RULE_IDS } from '@streaks/shared/domain/rules';
import type { Express, Response } from 'express';
import { addRawRoute } from '../http/add-route';
import type { ReadModel } from '../stores/read-model';
import type { EventPosition } from './event-position';
import { createEventStream } from './event-stream';
import { streamDocument } from './stream-document';
import type { StreamHub } from './stream-hub';

export interface StreamRouteOptions {
  readonly hub: StreamHub;
  readonly readModel: Pick<ReadModel, 'readStreaks'>;
  readonly monotonicMs: () => number;
}

/** `GET /users/{id}/stream`: the changes of a user as Server-Sent Events. It needs Postgres to begin. */
export function addStreamRoute(app: Express, { hub, readModel, monotonicMs }: StreamRouteOptions): void {
  addRawRoute(app, streamDocument, async ({ params: { userId }, query, headers }, request, response) => {
    const release = hub.reserve();
    response.on('close', release);
    const seen = headers['Last-Event-ID'] ?? query.lastEventId;
    const position = { ...(await readPresent(userId)), ...seen };
    // The answer may be gone by now, and its `close` has been told.
    if (response.destroyed) {
      return;
    }
    const stream = createEventStream({ userId, position, sink: response, monotonicMs });
    if (request.method === 'HEAD') {
      beginAnswer(response);
      response.end();
      return;
    }
    hub.add(stream);
    response.on('close', () => hub.remove(stream));
    beginAnswer(response);
    stream.open();
  });

  /** The versions as of now. */
  async function readPresent(userId: string): Promise<EventPosition> {
    const rows = await readModel.readStreaks([userId], RULE_IDS);
    const versionOf = (ruleId: string) => rows.find((row) => row.ruleId === ruleId)?.state.version ?? 0;
    return { focus: versionOf('focus'), activity: versionOf('activity') };
  }
}

function beginAnswer(response: Response): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // nginx would hold events back until its buffer is full.
    'X-Accel-Buffering': 'no',
  });
}
