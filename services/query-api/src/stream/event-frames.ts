/** Milliseconds after which a client connects again when the stream ends. */
const RECONNECT_AFTER_MS = 1_000;

/**
 * The beginning of a stream: how soon to connect again, and the id to begin from where it breaks before the first event. A
 * frame without data is no event, but its id counts.
 */
export function openingFrame(id: string): string {
  return `retry: ${RECONNECT_AFTER_MS}\nid: ${id}\n\n`;
}

/** One event. JSON has no line breaks of its own. */
export function eventFrame(event: { readonly id: string; readonly name: string; readonly data: object }): string {
  return `id: ${event.id}\nevent: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
}

/** A comment: it keeps proxies from closing a silent connection, and tells a server that the client is gone. */
export const HEARTBEAT_FRAME = ': heartbeat\n\n';
