import { Counter, Gauge, type Registry } from 'prom-client';
import type { FriendshipsOutcome } from '../friendships/apply-friendships';
import type { OrganisationsOutcome } from '../organisations/apply-organisations';

export type InputMetrics = ReturnType<typeof createInputMetrics>;

/** What the processor counts of organisations and friendships; the engines' own metrics stand beside them, by topic. */
export function createInputMetrics(registry: Registry) {
  const registers = [registry];
  const organisations = new Counter({
    registers,
    name: 'streaks_processor_organisation_changes_total',
    help: 'Changes of settings of organisations by what became of them. unchanged: a repeat, or a later change came before. rejected rising: look into dead_letters.',
    labelNames: ['outcome'],
  });
  const friendships = new Counter({
    registers,
    name: 'streaks_processor_friendship_changes_total',
    help: 'Changes of friendships by what became of them. unchanged: a repeat, or a later change came before; erased: recorded before one of the two was erased. rejected rising: look into dead_letters.',
    labelNames: ['outcome'],
  });
  const reevaluationsWaiting = new Gauge({
    registers,
    name: 'streaks_processor_reevaluations_waiting',
    help: 'Changes of organisations whose members are not all evaluated again yet, of all processors. Growing for long: look at reevaluation_failures.',
  });
  const membersEvaluated = new Counter({
    registers,
    name: 'streaks_processor_members_evaluated_total',
    help: 'Members of organisations evaluated again after a change of settings.',
  });
  const reevaluationFailures = new Counter({
    registers,
    name: 'streaks_processor_reevaluation_failures_total',
    help: 'Pages of members that were rolled back and are tried again. retry-now is a conflict, unavailable means Postgres is away; data or bug: report it, that organisation waits.',
    labelNames: ['kind'],
  });
  return {
    reevaluationsWaiting,
    membersEvaluated,
    reevaluationFailures,
    countOrganisations({ applied, unchanged }: OrganisationsOutcome, rejected: number): void {
      organisations.inc({ outcome: 'applied' }, applied);
      organisations.inc({ outcome: 'unchanged' }, unchanged);
      organisations.inc({ outcome: 'rejected' }, rejected);
    },
    countFriendships({ applied, unchanged, erased }: FriendshipsOutcome, rejected: number): void {
      friendships.inc({ outcome: 'applied' }, applied);
      friendships.inc({ outcome: 'unchanged' }, unchanged);
      friendships.inc({ outcome: 'erased' }, erased);
      friendships.inc({ outcome: 'rejected' }, rejected);
    },
  };
}
