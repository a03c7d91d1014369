import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '@streaks/testing/repository';
import type { SessionProducer } from './session-producer';

export interface PythonProducerOptions {
  /** An interpreter that has confluent-kafka. */
  readonly python: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
}

/** Avro by Python's confluent-kafka, zstd batches, with librdkafka's default partitioner: CRC32 of the key. One process. */
export function createPythonProducer(options: PythonProducerOptions): SessionProducer {
  const script = join(repositoryRoot, 'e2e/src/producers/produce_sessions.py');
  const child = spawn(options.python, [script, options.brokers.join(','), options.registryUrl, options.topic], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString('utf8');
  });
  const closed = once(child, 'close').then(([code]) => {
    throw new Error(`the Python producer ended with ${code}: ${complaint}`);
  });
  closed.catch(() => undefined);
  const answers = createInterface({ input: child.stdout });
  return {
    name: 'confluent-kafka Avro zstd',
    send: async (sessions) => {
      const answered = once(answers, 'line');
      child.stdin.write(`${sessions.map((session) => JSON.stringify(session)).join('\n')}\n\n`);
      const [line] = await Promise.race([answered, closed]);
      if (line !== `acknowledged ${sessions.length}`) throw new Error(`the Python producer said: ${line}${complaint}`);
    },
    close: async () => {
      child.stdin.end();
      await closed.catch(() => undefined);
    },
  };
}
