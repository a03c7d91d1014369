import type { SentEvent } from './input-event';
import { alternatingPerson, type Person, type PersonTrait, personOf } from './people';
import { DAY_MS, FIRST_MS } from './simulated-time';

/** An event and where it is sent to. */
export interface Sent {
  readonly partition: number;
  readonly event: SentEvent['event'];
  /** Whether a contradiction in the same partition is sure to find it stored: it is neither retracted nor erased. */
  readonly isLasting: boolean;
}

/** Whole numbers below another one. */
export type Below = (count: number) => number;

/** The users, and the time that they live in. */
export interface Cast {
  readonly users: number;
  readonly partitions: number;
  readonly random: () => number;
  readonly below: Below;
  /** Of the simulated days. */
  nowMs(): number;
  /** A session more: a day of everybody takes as many of them as there are users. Returns how many that makes. */
  live(): number;
  /** Numbers that no event had before. */
  nextNumber(): number;
  /** Whose records may go anywhere: in turn, or wherever chance has it; all others have one partition. */
  partitionOf(person: Person): number;
  someone(number: number): Person;
  /** One in ten times the user to whom everything happens; as with sessions, a few have a large part of the rest. */
  someoneWith(trait: PersonTrait): Person;
}

export function createCast(
  { users, partitions }: { readonly users: number; readonly partitions: number },
  random: () => number,
): Cast {
  let lived = 0;
  let numbers = 0;
  let alternations = 0;
  const below: Below = (count) => Math.floor(random() * count);
  const someone = (number: number): Person => personOf(number, partitions);
  return {
    users,
    partitions,
    random,
    below,
    nowMs: () => Math.floor(FIRST_MS + (lived / users) * DAY_MS),
    live() {
      lived += 1;
      return lived;
    },
    nextNumber() {
      numbers += 1;
      return numbers;
    },
    partitionOf(person) {
      if (person !== alternatingPerson) return person.roams ? below(partitions) : person.home;
      alternations += 1;
      return alternations % partitions;
    },
    someone,
    someoneWith(trait) {
      if (random() < 0.1) return alternatingPerson;
      const start = below(random() < 0.6 ? Math.max(1, users / 20) : users);
      for (let step = 0; step < users; step += 1) {
        const person = someone((start + step) % users);
        if (person[trait]) return person;
      }
      return alternatingPerson;
    },
  };
}
