const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/**
 * Murmur2 of a key's bytes as Java's `Utils.murmur2` and kafkajs compute it: a signed 32-bit number.
 * Everything that has to agree on where a user's events go (ingest, the outbox, Java, kafkajs, librdkafka with
 * `partitioner=murmur2_random`) agrees on this function.
 */
export function murmur2(bytes: Uint8Array): number {
  return murmur2Of(bytes, bytes.length);
}

function murmur2Of(bytes: Uint8Array, length: number): number {
  let hash = SEED ^ length;
  let position = 0;
  for (; position + 4 <= length; position += 4) {
    let k = Math.imul(int32At(bytes, position), M);
    k = Math.imul(k ^ (k >>> R), M);
    hash = Math.imul(hash, M) ^ k;
  }
  const rest = length - position;
  if (rest > 0) {
    for (let index = rest - 1; index >= 0; index -= 1) hash ^= (bytes[position + index] as number) << (8 * index);
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

/** Little-endian. */
function int32At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

const scratch = new Uint8Array(512);

/** The partition of a keyed record among `partitions` of them, as the default partitioners of Java and kafkajs choose it. */
export function partitionForKey(key: string | Uint8Array, partitions: number): number {
  return ((typeof key === 'string' ? murmur2OfText(key) : murmur2(key)) & 0x7fffffff) % partitions;
}

/** Ids are short and nearly always ASCII: those need no buffer of their own. */
function murmur2OfText(text: string): number {
  const units = text.length;
  if (units > scratch.length) return murmur2(Buffer.from(text, 'utf8'));
  for (let index = 0; index < units; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return murmur2(Buffer.from(text, 'utf8'));
    scratch[index] = unit;
  }
  return murmur2Of(scratch, units);
}
