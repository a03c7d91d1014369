import { idFaults } from '@streaks/shared/domain/events/faults';
import type { ProblemFault } from '@streaks/shared/errors/problem';

/** The faults of ids by the names that they have in the path; a part of a path is always there, as one text. */
export function pathFaults(ids: Readonly<Record<string, unknown>>): readonly ProblemFault[] {
  return Object.entries(ids).flatMap(([name, id]) => idFaults(name, id));
}
