import type { Cast, Sent } from './cast';
import { alternatingPerson } from './people';
import { ZONES } from './simulated-time';

/** Of sessions. */
const LATE = 0.05;
const ALTERNATING = 0.01;
/** Late sessions not sent yet: all that is remembered of them. */
const HELD = 1_000;
/** Sessions that were retracted before they are sent wait until so many others do. */
const ANNOUNCED = 20;

export interface SessionSource {
  /** One that was not sent before: most are new, some late, some retracted already. */
  next(): Sent;
  /** One that must not be seen. */
  decoy(): Sent;
  /** One that will be sent some time after its retraction, which is sent now. */
  announce(): Sent;
}

export function createSessions(cast: Cast): SessionSource {
  const { users, random, below } = cast;
  const held: Sent[] = [];
  const announced: Sent[] = [];

  const create = (prefix: string): Sent => {
    const number = cast.live();
    const isAlternating = random() < ALTERNATING;
    const user = below(random() < 0.2 ? Math.max(1, users / 20) : users);
    const person = isAlternating ? alternatingPerson : cast.someone(user);
    const isTravelling = user % 50 === 0 && random() < 0.3;
    const timezone = ZONES[(user + (isTravelling ? 1 + below(3) : 0)) % ZONES.length] ?? 'UTC';
    const startMs = cast.nowMs() + below(6 * 3_600_000);
    const endMs = startMs + 600_000 + below(2_400_000);
    return {
      partition: cast.partitionOf(person),
      event: {
        kind: 'session',
        session: { userId: person.userId, sessionId: `${prefix}-${number}`, startMs, endMs, timezone },
      },
      // One in ten may be retracted, which a contradiction must not meet.
      isLasting: !person.isErased && number % 10 !== 0,
    };
  };

  return {
    decoy: () => create('aborted'),
    announce() {
      const session = { ...create('announced'), isLasting: false };
      announced.push(session);
      return session;
    },
    next() {
      const known = announced.length > ANNOUNCED ? announced.shift() : undefined;
      if (known !== undefined) return known;
      const latest = create('session');
      if (random() >= LATE) return latest;
      if (held.length < HELD) {
        held.push(latest);
        return create('session');
      }
      const place = below(HELD);
      const late = held[place] ?? latest;
      held[place] = latest;
      return late;
    },
  };
}
