import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type SessionProducer, toJson } from './session-producer';

export type KcatCodec = 'snappy' | 'lz4' | 'zstd' | 'gzip';

export interface KcatProducerOptions {
  /** Path of the program. */
  readonly kcat: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Used in turn, one for each call of `send`. */
  readonly codecs: readonly [KcatCodec, ...KcatCodec[]];
}

/** JSON by kcat, with librdkafka's default partitioner: CRC32 of the key. A process for each call. */
export function createKcatProducer({ kcat, brokers, topic, codecs }: KcatProducerOptions): SessionProducer {
  let calls = 0;
  return {
    name: `kcat JSON ${codecs.join('/')}`,
    send: async (sessions) => {
      const codec = codecs[calls % codecs.length] ?? codecs[0];
      calls += 1;
      const args = [
        '-P',
        '-b',
        brokers.join(','),
        '-t',
        topic,
        '-K',
        '\t',
        '-z',
        codec,
        '-X',
        'acks=all',
        '-X',
        'linger.ms=20',
      ];
      const child = spawn(kcat, args, { stdio: ['pipe', 'ignore', 'pipe'] });
      let complaint = '';
      child.stderr.on('data', (chunk: Buffer) => {
        complaint += chunk.toString('utf8');
      });
      const closed = once(child, 'close');
      child.stdin.end(sessions.map((session) => `${session.userId}\t${toJson(session)}\n`).join(''));
      const [code] = await closed;
      if (code !== 0) throw new Error(`kcat ended with ${code}: ${complaint}`);
    },
    close: () => Promise.resolve(),
  };
}
