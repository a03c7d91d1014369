import type { CollectedRun } from '../collected-run';
import type { Expectation } from '../expectation';
import type { Fault } from '../fault';
import { boardFaults } from './board-faults';
import { chainFaults } from './chain-faults';
import { eventFaults, peopleFaults } from './event-faults';
import { letterFaults, numberFaults } from './outbox-faults';
import { streakFaults } from './streak-faults';

/** Holds Postgres against the reference, and Redis against Postgres. */
export function storedFaults(run: CollectedRun, expected: Expectation): Fault[] {
  return [
    ...eventFaults(run, expected),
    ...peopleFaults(run, expected),
    ...streakFaults(run, expected),
    ...chainFaults(run, expected),
    ...letterFaults(run.letters, expected),
    ...numberFaults(run, expected),
    ...boardFaults(run),
  ];
}
