import * as zlib from 'node:zlib';
import { compressZstd, decompressZstd } from './zstd';

const hasNativeZstd = 'zstdCompressSync' in zlib;
const bytes = Buffer.from('a session of the user '.repeat(20_000));

it('compresses where Node can, and says elsewhere what to use instead', () => {
  if (hasNativeZstd) expect(decompressZstd(compressZstd(bytes), 2 * bytes.length).equals(bytes)).toBe(true);
  else expect(() => compressZstd(bytes)).toThrow(/Node 22\.15.*LZ4, Snappy or GZIP/);
});
