import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findKcat } from '../producers/foreign-clients';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface KcatRecord {
  readonly partition: number;
  readonly key: string;
  /** `name=value`, as kcat joins them. */
  readonly headers: readonly string[];
}

/** All committed records of a topic as kcat (librdkafka) sees them, or why there is no kcat. */
export async function readWithKcat(
  brokers: readonly string[],
  topic: string,
): Promise<readonly KcatRecord[] | { readonly missing: string }> {
  const kcat = await findKcat();
  if ('missing' in kcat) return kcat;
  const { stdout } = await run(
    kcat.path,
    [
      '-C',
      '-b',
      brokers.join(','),
      '-t',
      topic,
      '-e',
      '-q',
      '-X',
      'isolation.level=read_committed',
      '-f',
      '%p\t%k\t%h\n',
    ],
    { maxBuffer: MAX_OUTPUT_BYTES },
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [partition, key = '', headers = ''] = line.split('\t');
      return { partition: Number(partition), key, headers: headers.split(',') };
    });
}
