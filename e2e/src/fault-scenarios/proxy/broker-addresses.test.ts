import { FIND_COORDINATOR, METADATA, replaceBrokerPorts } from './broker-addresses';

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);
const reply = (...parts: Buffer[]): Buffer => {
  const content = Buffer.concat([int32(1), ...parts]);
  return Buffer.concat([int32(content.length), content]);
};
const HOST = '127.0.0.1';
const NULL_TEXT = int16(-1);
const NO_TAGS = Buffer.from([0]);
const REST = Buffer.from('the topics');
const throughProxy = (port: number): number | undefined => ({ 19092: 5001, 19094: 5002 })[port];

const metadata = (version: number, first: number, second: number): Buffer => {
  const throttle = version >= 3 ? [int32(0)] : [];
  const rack = version >= 1 ? [NULL_TEXT] : [];
  const broker = (id: number, port: number) => [int32(id), text(HOST), int32(port), ...rack];
  return reply(...throttle, int32(2), ...broker(1, first), ...broker(2, second), REST);
};
const flexibleMetadata = (first: number, second: number): Buffer => {
  const compactHost = Buffer.concat([Buffer.from([HOST.length + 1]), Buffer.from(HOST)]);
  const rack = (value: string | null) =>
    value === null ? Buffer.from([0]) : Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)]);
  const broker = (id: number, port: number, where: string | null) => [
    int32(id),
    compactHost,
    int32(port),
    rack(where),
    NO_TAGS,
  ];
  return reply(NO_TAGS, int32(0), Buffer.from([3]), ...broker(1, first, null), ...broker(2, second, 'r1'), REST);
};
const coordinator = (version: number, errorCode: number, port: number): Buffer => {
  const before = version >= 1 ? [int32(0), int16(errorCode), NULL_TEXT] : [int16(errorCode)];
  return reply(...before, int32(2), text(errorCode === 0 ? HOST : ''), int32(port));
};

describe('replaceBrokerPorts', () => {
  it.each([0, 1, 2, 3, 6, 8])('puts the proxies into Metadata version %d', (apiVersion) => {
    const frame = metadata(apiVersion, 19_092, 19_094);
    replaceBrokerPorts(frame, { apiKey: METADATA, apiVersion }, throughProxy);
    expect(frame).toEqual(metadata(apiVersion, 5_001, 5_002));
  });

  it('puts the proxies into the compact Metadata of version 12', () => {
    const frame = flexibleMetadata(19_092, 19_094);
    replaceBrokerPorts(frame, { apiKey: METADATA, apiVersion: 12 }, throughProxy);
    expect(frame).toEqual(flexibleMetadata(5_001, 5_002));
  });

  it.each([0, 1, 2])('puts the proxy into FindCoordinator version %d', (apiVersion) => {
    const frame = coordinator(apiVersion, 0, 19_094);
    replaceBrokerPorts(frame, { apiKey: FIND_COORDINATOR, apiVersion }, throughProxy);
    expect(frame).toEqual(coordinator(apiVersion, 0, 5_002));
  });

  it('leaves an answer without a coordinator alone', () => {
    const frame = coordinator(2, 15, -1);
    replaceBrokerPorts(frame, { apiKey: FIND_COORDINATOR, apiVersion: 2 }, throughProxy);
    expect(frame).toEqual(coordinator(2, 15, -1));
  });

  it('refuses what would lead past the proxy', () => {
    const unknown = metadata(6, 19_092, 19_096);
    expect(() => replaceBrokerPorts(unknown, { apiKey: METADATA, apiVersion: 6 }, throughProxy)).toThrow(/19096/);
    const list = coordinator(2, 0, 19_092);
    expect(() => replaceBrokerPorts(list, { apiKey: FIND_COORDINATOR, apiVersion: 4 }, throughProxy)).toThrow(/4/);
  });
});
