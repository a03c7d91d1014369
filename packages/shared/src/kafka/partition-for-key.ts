const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/**
 * Murmur2 of a key's bytes as Java's `Utils.murmur2` and kafkajs compute it: a signed 32-bit number.
 * Everything that has to agree on where a user's events go (ingest, the outbox, Java, kafkajs, librdkafka with
 * `partitioner=murmur2_random`) agrees on this function.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = SEED ^ length;
  let position = 0;
  for (; position + 4 <= length; position += 4) {
    let k = Math.imul(view.getInt32(position, true), M);
    k = Math.imul(k ^ (k >>> R), M);
    hash = Math.imul(hash, M) ^ k;
  }
  const rest = length - position;
  if (rest > 0) {
    for (let index = rest - 1; index >= 0; index -= 1) hash ^= view.getUint8(position + index) << (8 * index);
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

/** The partition of a keyed record among `partitions` of them, as the default partitioners of Java and kafkajs choose it. */
export function partitionForKey(key: string | Uint8Array, partitions: number): number {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'utf8') : key;
  return (murmur2(bytes) & 0x7fffffff) % partitions;
}
