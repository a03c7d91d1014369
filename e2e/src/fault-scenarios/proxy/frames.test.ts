import { createFrameSplitter, readCorrelationId, readRequestHeader } from './frames';

const frame = (content: string): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(content.length);
  return Buffer.concat([size, Buffer.from(content)]);
};

describe('createFrameSplitter', () => {
  it.each([1, 2, 3, 5, 7, 100])('gives whole frames however they arrive, here by %d bytes', (step) => {
    const contents = ['a', '', 'three', 'x'.repeat(20)];
    const bytes = Buffer.concat(contents.map(frame));
    const split = createFrameSplitter();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += step) {
      for (const one of split(bytes.subarray(at, at + step))) found.push(one.toString('utf8', 4));
    }
    expect(found).toEqual(contents);
  });
});

describe('readRequestHeader', () => {
  it('reads kind, version, number and client', () => {
    const request = Buffer.from([0, 0, 0, 16, 0, 26, 0, 1, 0, 0, 1, 2, 0, 2, 0x6d, 0x65, 9, 9]);
    expect(readRequestHeader(request)).toEqual({ apiKey: 26, apiVersion: 1, correlationId: 258, clientId: 'me' });
  });

  it('takes a client without a name', () => {
    const request = Buffer.from([0, 0, 0, 10, 0, 3, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);
    expect(readRequestHeader(request)).toEqual({ apiKey: 3, apiVersion: 0, correlationId: 7, clientId: '' });
  });

  it('finds the number of a reply', () => {
    expect(readCorrelationId(Buffer.from([0, 0, 0, 4, 0, 0, 0, 9]))).toBe(9);
  });
});
