import { type Engine, startEngine } from '@streaks/exactly-once/create-engine';
import type { FriendshipEventDecoder } from '@streaks/shared/contracts/friendship-event-codec';
import type { OrganisationEventDecoder } from '@streaks/shared/contracts/organisation-event-codec';
import type { Checks } from '@streaks/shared/http/health-routes';
import { partitionForKey } from '@streaks/shared/kafka/partition-for-key';
import { systemClock } from '@streaks/shared/lifecycle/clock';
import { classifyStoreError } from '@streaks/shared/postgres/errors';
import type { OnProcessorStep } from '../failpoints';
import { createFriendshipsProjection } from '../friendships/create-friendships-projection';
import { createOrganisationsProjection } from '../organisations/create-organisations-projection';
import { saveHistory } from '../projections/streaks/sql/save-history';
import { type RunningReevaluation, startReevaluation } from '../reevaluation/start-reevaluation';
import { defaultTargets } from './default-targets';
import { engineChecks } from './engine-health';
import { engineOptions, quietTuning } from './engine-parts';
import type { InputMetrics } from './input-metrics';
import { type StreaksEngine, type StreaksEngineParts, startStreaksEngine } from './start-streaks-engine';

export interface EnginesParts extends StreaksEngineParts {
  readonly inputs: InputMetrics;
  readonly organisationDecoder: OrganisationEventDecoder;
  readonly friendshipDecoder: FriendshipEventDecoder;
  readonly onStep: OnProcessorStep | undefined;
}

export interface RunningEngines {
  checks(): Checks;
  /** All of them at once, within one deadline. */
  stop(deadlineMs: number): Promise<void>;
}

/** Members of an organisation that are evaluated in one transaction. */
const PAGE_MEMBERS = 200;

/**
 * One engine for each input topic, and the reevaluation of organisations' members. The engine of streaks has the outputs: what
 * the others number in the outbox, it takes to Redis and Kafka.
 */
export function startEngines(parts: EnginesParts): RunningEngines {
  const { config } = parts;
  const streaks = startStreaksEngine(parts);
  const reevaluation = startReevaluationOf(parts, streaks);
  const engines = new Map<string, Engine>([
    [config.SESSION_EVENTS_TOPIC, streaks],
    [config.ORGANISATION_EVENTS_TOPIC, startOrganisations(parts, reevaluation)],
    [config.FRIENDSHIP_EVENTS_TOPIC, startFriendships(parts)],
  ]);
  return {
    checks: () => ({ ...engineChecks(engines), ...streaks.publicationChecks() }),
    async stop(deadlineMs) {
      await Promise.all([reevaluation, ...engines.values()].map((part) => part.stop(deadlineMs)));
    },
  };
}

function startOrganisations(parts: EnginesParts, reevaluation: RunningReevaluation): Engine {
  const { config, inputs } = parts;
  const options = engineOptions(parts, {
    topic: config.ORGANISATION_EVENTS_TOPIC,
    groupId: `${config.CONSUMER_GROUP_ID}-organisations`,
  });
  const projection = createOrganisationsProjection({
    decoder: parts.organisationDecoder,
    maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000,
    onCommitted: (outcome, rejected) => {
      inputs.countOrganisations(outcome, rejected.length);
      if (outcome.applied > 0) reevaluation.wake();
    },
  });
  return startEngine({ ...options, tuning: quietTuning(options.tuning), projection });
}

function startFriendships(parts: EnginesParts): Engine {
  const { config, inputs } = parts;
  const options = engineOptions(parts, {
    topic: config.FRIENDSHIP_EVENTS_TOPIC,
    groupId: `${config.CONSUMER_GROUP_ID}-friendships`,
  });
  const projection = createFriendshipsProjection({
    decoder: parts.friendshipDecoder,
    maxFutureMs: config.MAX_FUTURE_SECONDS * 1_000,
    onCommitted: (outcome, rejected) => inputs.countFriendships(outcome, rejected.length),
  });
  return startEngine({ ...options, tuning: quietTuning(options.tuning), projection });
}

function startReevaluationOf(parts: EnginesParts, streaks: StreaksEngine): RunningReevaluation {
  const { config, generation, inputs } = parts;
  return startReevaluation({
    pool: parts.lanePool,
    outbox: {
      shardCount: config.OUTBOX_SHARDS,
      shardOf: (userId) => partitionForKey(userId, config.OUTBOX_SHARDS),
      projection: { saveChanges: (client, changes) => saveHistory(client, generation, changes) },
    },
    targets: defaultTargets(config),
    pageMembers: PAGE_MEMBERS,
    classifyStoreError,
    onCommitted: ({ members, rows }) => {
      inputs.membersEvaluated.inc(members);
      streaks.offer(rows);
    },
    onWaiting: (jobs) => inputs.reevaluationsWaiting.set(jobs),
    onFailed: (kind) => inputs.reevaluationFailures.inc({ kind }),
    log: parts.logger,
    nowMs: systemClock.nowMs,
    random: Math.random,
    onStep: parts.onStep,
  });
}
