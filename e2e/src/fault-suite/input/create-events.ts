import { badValue } from './bad-value';
import { createCast, type Sent } from './cast';
import { createOthers } from './create-others';
import { createSessions } from './create-sessions';
import type { ChunkOptions, InputEvent, SentEvent } from './input-event';

/** Of all records; what is left are sessions. */
const SHARES = {
  bad: 0.004,
  conflict: 0.005,
  repeat: 0.03,
  checkIn: 0.06,
  retraction: 0.015,
  settings: 0.015,
  friendship: 0.008,
  organisation: 0.003,
  erasure: 0.004,
} as const;
type Share = keyof typeof SHARES;

/** Events that may be repeated, contradicted or retracted: all that is remembered of what was sent. */
const RECENT = 4_000;
const TRIES = 20;

export interface EventSource {
  next(): InputEvent;
  /** An event that must not be seen, of a user who exists: counted, it would make a figure wrong. */
  decoy(): InputEvent;
}

export function createEvents(options: ChunkOptions, random: () => number): EventSource {
  const cast = createCast(options, random);
  const { below, partitions } = cast;
  const sessions = createSessions(cast);
  const others = createOthers(cast);
  const recent: Sent[] = [];
  let bad = 0;

  const drawShare = (): Share | undefined => {
    let draw = random();
    for (const [share, size] of Object.entries(SHARES) as [Share, number][]) {
      if (draw < size) return share;
      draw -= size;
    }
    return undefined;
  };
  const remember = (sent: Sent): Sent => {
    if (recent.length < RECENT) recent.push(sent);
    else recent[below(RECENT)] = sent;
    return sent;
  };
  const someRecent = (fits: (sent: Sent) => boolean = () => true): Sent | undefined => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const sent = recent[below(recent.length)];
      if (sent !== undefined && fits(sent)) return sent;
    }
    return undefined;
  };
  /** Of a session that was sent, or of one that will be. */
  const retraction = (isDecoy: boolean): Sent => {
    const isRetractable = ({ event, isLasting }: Sent): boolean => event.kind === 'session' && !isLasting;
    const known = isDecoy || random() < 0.5 ? someRecent(isRetractable) : undefined;
    const target = known ?? (isDecoy ? sessions.decoy() : sessions.announce());
    if (target.event.kind !== 'session') throw new Error('only sessions are retracted');
    const { userId, sessionId } = target.event.session;
    return { partition: target.partition, event: { kind: 'retraction', userId, sessionId }, isLasting: false };
  };
  const create = (share: Share | undefined): Sent => {
    if (share === 'checkIn') return others.checkIn('check-in');
    if (share === 'retraction') return retraction(false);
    if (share === 'settings') return others.settings('change');
    if (share === 'organisation') return others.organisation('change');
    if (share === 'friendship') return others.friendship();
    return sessions.next();
  };
  const createDecoy = (share: Share | undefined): Sent => {
    if (share === 'checkIn') return others.checkIn('aborted');
    if (share === 'retraction') return retraction(true);
    if (share === 'settings') return others.settings('aborted');
    if (share === 'organisation') return others.organisation('aborted');
    if (share === 'friendship') return others.friendship();
    return share === 'erasure' ? others.erasure() : sessions.decoy();
  };
  const first = ({ partition, event }: Sent): InputEvent => ({ kind: 'first', partition, event });
  /** Of users in any partition; the other topics are left as they are. */
  const repeat = ({ partition, event }: Sent): InputEvent => {
    const stays = random() < 0.5 || event.kind === 'organisation' || event.kind === 'friendship';
    return { kind: 'repeat', partition: stays ? partition : below(partitions), event };
  };
  /** Of somebody who is erased now and then, or of somebody who never is; always by that user's own partition. */
  const badRecord = (): InputEvent => {
    bad += 1;
    const person = cast.someone(bad % 2 === 0 ? 20 : 1);
    const isTheirs = below(2) === 0;
    return {
      kind: 'bad',
      partition: person.home,
      key: isTheirs ? person.userId : `bad-${bad}`,
      ...badValue(bad, person.userId),
    };
  };

  return {
    decoy: () => first(createDecoy(drawShare())),
    next() {
      const share = drawShare();
      if (share === 'bad') return badRecord();
      if (share === 'erasure') return first(others.erasure());
      const known =
        share === 'conflict' ? someRecent(({ isLasting }) => isLasting) : share === 'repeat' ? someRecent() : undefined;
      if (known === undefined) return first(remember(create(share)));
      return share === 'repeat' ? repeat(known) : { kind: 'conflict', ...contradict(known) };
    },
  };
}

/** The same identity with other content, in the same partition. */
function contradict({ partition, event }: Sent): { readonly partition: number; readonly event: SentEvent['event'] } {
  if (event.kind === 'session') {
    const { session } = event;
    return { partition, event: { kind: 'session', session: { ...session, endMs: session.endMs + 60_000 } } };
  }
  if (event.kind !== 'check-in') throw new Error(`nothing contradicts a ${event.kind}`);
  const { checkIn } = event;
  return { partition, event: { kind: 'check-in', checkIn: { ...checkIn, atMs: checkIn.atMs + 60_000 } } };
}
