import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { DecompressionError, MAX_DECOMPRESSED_BYTES } from './decompressed-size';
import { compressLz4, decompressLz4 } from './lz4';
import { compressSnappy, decompressSnappy } from './snappy';
import { compressZstd, decompressZstd } from './zstd';

/** What kafkajs calls: `encoder.buffer` holds the records of one batch. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(compressed: Buffer): Promise<Buffer>;
}

// The types of kafkajs describe neither object as it is.
const { CompressionTypes, CompressionCodecs } = createRequire(__filename)('kafkajs') as {
  CompressionTypes: Readonly<Record<'GZIP' | 'Snappy' | 'LZ4' | 'ZSTD', number>>;
  CompressionCodecs: Record<number, () => Codec>;
};

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

/** Codecs by their names in kafkajs. Decompression is bounded: a batch that would grow past `maxBytes` is an error. */
export function createCompressionCodecs(maxBytes: number): Readonly<Record<'GZIP' | 'Snappy' | 'LZ4' | 'ZSTD', Codec>> {
  return {
    GZIP: {
      compress: async ({ buffer }) => await gzipAsync(buffer),
      decompress: async (compressed) => {
        try {
          return await gunzipAsync(compressed, { maxOutputLength: maxBytes });
        } catch (error) {
          const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
          const detail = isTooLarge
            ? `a record batch of more than ${maxBytes} bytes once decompressed`
            : 'corrupt data';
          throw new DecompressionError('GZIP', detail, { cause: error });
        }
      },
    },
    Snappy: {
      compress: async ({ buffer }) => compressSnappy(buffer),
      decompress: async (compressed) => decompressSnappy(compressed, maxBytes),
    },
    LZ4: {
      compress: async ({ buffer }) => compressLz4(buffer),
      decompress: async (compressed) => decompressLz4(compressed, maxBytes),
    },
    ZSTD: {
      compress: async ({ buffer }) => compressZstd(buffer),
      decompress: async (compressed) => decompressZstd(compressed, maxBytes),
    },
  };
}

let isRegistered = false;

/** Makes every kafkajs client of the process read and write all codecs of Kafka. May be called often. */
export function registerCompressionCodecs(): void {
  if (isRegistered) return;
  const codecs = createCompressionCodecs(MAX_DECOMPRESSED_BYTES);
  for (const name of ['GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const) {
    CompressionCodecs[CompressionTypes[name]] = () => codecs[name];
  }
  isRegistered = true;
}
