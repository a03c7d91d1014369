import { type ReferenceSession, referenceFold } from '@streaks/testing/reference-fold';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { collectRun } from '../../fault-suite/check/collect-run';
import type { CollectedRun, StoredLetter } from '../../fault-suite/check/collected-run';
import { type Expectation, letterKey, sessionKey } from '../../fault-suite/check/expectation';
import { countFaults, describeFaults, type Fault } from '../../fault-suite/check/fault';
import { publishedFaults } from '../../fault-suite/check/published-faults';
import { storedFaults } from '../../fault-suite/check/stored-faults';
import { countInTheLog } from './in-the-log';

const TARGET_MS = 1_800_000;

/** What makes one expected dead letter: as `letterKey` tells them apart. */
export type ExpectedLetter = Pick<StoredLetter, 'reason' | 'key' | 'userId' | 'eventId'>;

export interface CheckOptions {
  readonly sessions: readonly ReferenceSession[];
  readonly letters: readonly ExpectedLetter[];
  /** `stores`: where a scenario looks at what was published by itself. */
  readonly what: 'everything' | 'stores';
  readonly print: (line: string) => void;
}

/** Throws with what is wrong: all that was sent is there exactly once, in Postgres, in Redis and in the output topics. */
export async function checkExact(pipeline: Pipeline, { sessions, letters, what, print }: CheckOptions): Promise<void> {
  const run = await collectRun({ ...pipeline, topics: pipeline.outputTopics });
  const faults = [
    ...storedFaults(run, expectationOf(sessions, letters)),
    ...(what === 'everything' ? publishedFaults(run) : []),
  ];
  print(`  ${figures(sessions, run, faults)}`);
  if (faults.length === 0) return;
  const stored = new Set(run.sessions.map((session) => sessionKey(session)));
  const lost = sessions.filter((session) => !stored.has(sessionKey(session)));
  const inLog = lost.length === 0 ? 0 : await countInTheLog(pipeline, lost);
  throw new Error([`of ${lost.length} lost sessions ${inLog} are in the log`, ...describeFaults(faults)].join('\n'));
}

function expectationOf(sessions: readonly ReferenceSession[], letters: readonly ExpectedLetter[]): Expectation {
  const first = new Map<string, ReferenceSession>();
  for (const session of sessions) if (!first.has(sessionKey(session))) first.set(sessionKey(session), session);
  return {
    sessions: first,
    users: referenceFold(first.values(), TARGET_MS),
    letters: new Map(letters.map((letter) => [letterKey(letter), { least: 1, most: 1 }])),
    events: sessions.length + letters.length,
  };
}

function figures(sessions: readonly ReferenceSession[], run: CollectedRun, faults: readonly Fault[]): string {
  const { lost, duplicated, wrong } = countFaults(faults);
  const published = `${run.published.changes['Java']?.length} changes and ${run.published.letters.length} dead letters published`;
  return `events=${sessions.length} lost=${lost} duplicated=${duplicated} wrong=${wrong}; ${published}`;
}
