import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createFailpoints, type OnProcessorStep } from './failpoints';

/** By number: `process.stderr` of a worker thread is a stream to the main one. */
const STANDARD_ERROR = 2;

/** The failpoints of this thread. Lines go to standard error at once, past any buffer: the next thing may be the end. */
export const processFailpoints = (text: string): OnProcessorStep | undefined =>
  createFailpoints(text, {
    writeLine: (line) => writeSync(STANDARD_ERROR, `${line}\n`),
    signal: (signal) => process.kill(process.pid, signal),
    wait: (ms) => delay(ms),
  });
