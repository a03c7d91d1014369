import { validateUserEvent } from '@streaks/shared/contracts/user-event-codec';
import fc from 'fast-check';
import { hostileBodies } from '../hostile-bodies.fixture';
import { goodBody, nowMs } from '../ingest-app.fixture';
import { judgeSession } from './judge-session';
import { sessionBody } from './session-documents';

const limits = { recordTimeMs: nowMs, maxDurationMs: 604_800_000, maxFutureMs: 300_000 };
/** Faults that the schema cannot say: they compare two fields, or need a clock. */
const beyondTheSchema = new Set(['END_NOT_AFTER_START', 'TOO_LONG', 'IN_THE_FUTURE', 'BEFORE_1970']);

it('judges bodies as their documented schema does, and takes only what the processor takes', () => {
  let taken = 0;
  fc.assert(
    fc.property(hostileBodies(goodBody), (sent) => {
      // As it arrives: what JSON cannot say is gone.
      const body: unknown = JSON.parse(JSON.stringify(sent));
      const judged = judgeSession(body, limits);
      const fitsSchema = sessionBody.safeParse(body).success;
      if ('session' in judged) {
        taken += 1;
        expect(fitsSchema).toBe(true);
        expect(validateUserEvent(judged.session, limits)).toBeUndefined();
      } else {
        expect(judged.faults.length).toBeGreaterThan(0);
        expect(fitsSchema).toBe(judged.faults.every(({ code }) => beyondTheSchema.has(code)));
      }
    }),
    { numRuns: 2_000 },
  );
  expect(taken).toBeGreaterThan(100);
});
