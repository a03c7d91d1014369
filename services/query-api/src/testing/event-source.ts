import { get, type IncomingMessage } from 'node:http';

/** One event as a browser would see it. */
export interface SeenEvent {
  readonly id: string;
  readonly name: string;
  readonly data: { readonly [field: string]: unknown };
}

/** A client of a stream that keeps what it sees, as the `EventSource` of browsers does. */
export interface SeenStream {
  readonly answer: IncomingMessage;
  readonly events: readonly SeenEvent[];
  /** The id to connect again with. */
  lastId(): string;
  /** Everything that came, comments included. */
  text(): string;
  isOver(): boolean;
  close(): void;
}

/** Connects and resolves once the head of the answer is there. `lastId` goes with the request as the header. */
export function openEventSource(url: string, lastId?: string): Promise<SeenStream> {
  return new Promise((resolve, reject) => {
    const headers = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
    const request = get(url, { headers, agent: false }, (answer) => {
      const events: SeenEvent[] = [];
      let seenId = '';
      let isOver = false;
      let text = '';
      let rest = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const frames = (rest + chunk).split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) {
          const fields = new Map(
            frame.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
          );
          seenId = fields.get('id') ?? seenId;
          const data = fields.get('data');
          if (data !== undefined) {
            events.push({ id: seenId, name: fields.get('event') ?? 'message', data: JSON.parse(data) });
          }
        }
      });
      answer.on('close', () => {
        isOver = true;
      });
      // A connection that is cut tells so by `close`.
      answer.on('error', () => undefined);
      resolve({
        answer,
        events,
        lastId: () => seenId,
        text: () => text,
        isOver: () => isOver,
        close: () => request.destroy(),
      });
    });
    request.on('error', reject);
  });
}
