/**
 * Cuts a stream of Kafka frames (an int32 size, then so many bytes) where they end. Each call takes what arrived and
 * gives the frames that are whole by now, size included.
 */
export function createFrameSplitter(): (bytes: Buffer) => Buffer[] {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let wantedBytes = 4;
  return (bytes) => {
    pending.push(bytes);
    pendingBytes += bytes.length;
    // Joined only when a frame is whole: a large reply comes in hundreds of pieces.
    if (pendingBytes < wantedBytes) return [];
    let rest = Buffer.concat(pending);
    const frames: Buffer[] = [];
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const endAt = 4 + rest.readInt32BE(0);
      frames.push(rest.subarray(0, endAt));
      rest = rest.subarray(endAt);
    }
    pending = rest.length === 0 ? [] : [rest];
    pendingBytes = rest.length;
    wantedBytes = rest.length < 4 ? 4 : 4 + rest.readInt32BE(0);
    return frames;
  };
}

/** What every request begins with. */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string;
}

/** Reads the header of a request frame (its size included). */
export function readRequestHeader(frame: Buffer): RequestHeader {
  const clientIdBytes = frame.length >= 14 ? frame.readInt16BE(12) : -1;
  return {
    apiKey: frame.readInt16BE(4),
    apiVersion: frame.readInt16BE(6),
    correlationId: frame.readInt32BE(8),
    clientId: clientIdBytes > 0 ? frame.toString('utf8', 14, 14 + clientIdBytes) : '',
  };
}

/** The number by which a reply names its request. */
export function readCorrelationId(frame: Buffer): number {
  return frame.readInt32BE(4);
}
