import type { RequestHeader } from './frames';

export const METADATA = 3;
export const FIND_COORDINATOR = 10;

/** Since these versions Metadata has compact arrays and FindCoordinator a list. */
const FLEXIBLE_METADATA = 9;
const LAST_FIND_COORDINATOR = 2;

/**
 * Puts the proxy's ports in the place of the brokers' in a reply that names brokers, within the frame: the host is the
 * loopback's on both sides, so nothing changes its length. Throws for what would lead a client past the proxy.
 */
export function replaceBrokerPorts(
  frame: Buffer,
  { apiKey, apiVersion }: Pick<RequestHeader, 'apiKey' | 'apiVersion'>,
  portFor: (brokerPort: number) => number | undefined,
): void {
  const reader = createReader(frame, 8, portFor);
  if (apiKey === METADATA && apiVersion < FLEXIBLE_METADATA) {
    if (apiVersion >= 3) reader.skip(4);
    for (let left = reader.int32(); left > 0; left -= 1) {
      reader.skip(4);
      reader.skip(reader.int16());
      reader.replacePort();
      if (apiVersion >= 1) reader.skip(Math.max(reader.int16(), 0));
    }
  } else if (apiKey === METADATA) {
    reader.skipTags();
    reader.skip(4);
    for (let left = reader.varint() - 1; left > 0; left -= 1) {
      reader.skip(4);
      reader.skip(reader.varint() - 1);
      reader.replacePort();
      reader.skip(Math.max(reader.varint() - 1, 0));
      reader.skipTags();
    }
  } else if (apiKey === FIND_COORDINATOR) {
    if (apiVersion > LAST_FIND_COORDINATOR) throw new Error(`FindCoordinator version ${apiVersion} is not understood`);
    if (apiVersion >= 1) reader.skip(4);
    const errorCode = reader.int16();
    if (apiVersion >= 1) reader.skip(Math.max(reader.int16(), 0));
    reader.skip(4);
    reader.skip(reader.int16());
    if (errorCode === 0) reader.replacePort();
  }
}

function createReader(frame: Buffer, startAt: number, portFor: (brokerPort: number) => number | undefined) {
  let at = startAt;
  const skip = (bytes: number): void => {
    at += bytes;
  };
  const int16 = (): number => {
    at += 2;
    return frame.readInt16BE(at - 2);
  };
  const int32 = (): number => {
    at += 4;
    return frame.readInt32BE(at - 4);
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = frame.readUInt8(at);
      at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const skipTags = (): void => {
    for (let left = varint(); left > 0; left -= 1) {
      varint();
      skip(varint());
    }
  };
  const replacePort = (): void => {
    const brokerPort = frame.readInt32BE(at);
    const port = portFor(brokerPort);
    if (port === undefined) throw new Error(`a reply names a broker at port ${brokerPort}, which has no proxy`);
    at = frame.writeInt32BE(port, at);
  };
  return { skip, int16, int32, varint, skipTags, replacePort };
}
