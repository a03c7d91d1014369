import { referenceLog } from '@streaks/testing/reference/reference-log';
import type { ReferenceSession } from '@streaks/testing/reference-fold';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { collectRun } from '../../fault-suite/check/collect/collect-run';
import type { CollectedRun, StoredLetter } from '../../fault-suite/check/collected-run';
import { type Expectation, type LetterIdentity, REFERENCE_TARGETS } from '../../fault-suite/check/expectation';
import { countFaults, describeFaults, type Fault } from '../../fault-suite/check/fault';
import { publishedFaults } from '../../fault-suite/check/published/published-faults';
import { storedFaults } from '../../fault-suite/check/stored/stored-faults';
import { untilRanked } from '../../fault-suite/cluster/until-at-rest';
import { countInTheLog } from './in-the-log';

const RANKED_TIMEOUT_MS = 30_000;

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
  await untilRanked(pipeline, RANKED_TIMEOUT_MS);
  const run = await collectRun({ ...pipeline, topics: pipeline.outputTopics });
  const expected = expectationOf(sessions, letters);
  const faults = [...storedFaults(run, expected), ...(what === 'everything' ? publishedFaults(run, expected) : [])];
  print(`  ${figures(sessions, run, faults)}`);
  if (faults.length === 0) return;
  const stored = new Set(run.sessions.map((session) => sessionKey(session)));
  const lost = sessions.filter((session) => !stored.has(sessionKey(session)));
  const inLog = lost.length === 0 ? 0 : await countInTheLog(pipeline, lost);
  throw new Error([`of ${lost.length} lost sessions ${inLog} are in the log`, ...describeFaults(faults)].join('\n'));
}

const sessionKey = ({ userId, sessionId }: Pick<ReferenceSession, 'userId' | 'sessionId'>): string =>
  `${userId} ${sessionId}`;

/** Bad records are told by their key, contradictions by the session's identity. */
const letterKey = ({ reason, key, userId, eventId }: Omit<LetterIdentity, 'topic' | 'partition' | 'offset'>): string =>
  reason === 'SESSION_CONFLICT' ? `${reason} ${userId} ${eventId}` : `${reason} ${key}`;

/** Sessions alone: when they were recorded decides nothing. */
function expectationOf(sessions: readonly ReferenceSession[], letters: readonly ExpectedLetter[]): Expectation {
  const records = sessions.map((session) => ({ event: { kind: 'session', session } as const, recordTimeMs: 0 }));
  return {
    world: referenceLog(records, REFERENCE_TARGETS),
    letters: new Map(letters.map((letter) => [letterKey(letter), { least: 1, most: 1 }])),
    letterKey,
    events: sessions.length + letters.length,
    recordTimeMs: undefined,
    organisationTopic: undefined,
  };
}

function figures(sessions: readonly ReferenceSession[], run: CollectedRun, faults: readonly Fault[]): string {
  const { lost, duplicated, wrong } = countFaults(faults);
  const published = `${run.published.changes['Java']?.length} changes and ${run.published.letters.length} dead letters published`;
  return `events=${sessions.length} lost=${lost} duplicated=${duplicated} wrong=${wrong}; ${published}`;
}
