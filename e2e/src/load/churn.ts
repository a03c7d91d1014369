import type { SpawnedService } from '@streaks/testing/spawn-service';
import type { Pipeline } from '@streaks/testing/start-pipeline';
import { killInTransaction } from './kill-in-transaction';

export interface Churn {
  readonly kills: number;
  /** Kills that hit a process with a transaction open. */
  readonly killsInTransaction: number;
  readonly leaves: number;
  readonly joins: number;
}

type Member = { readonly service: SpawnedService; readonly applicationName: string };

export interface Crew {
  join(): Promise<void>;
  /** Kills, or (every third time) stops, the eldest processor, and lets another join. */
  replace(): Promise<void>;
  readonly churn: () => Churn;
}

/** The processors of a pipeline, each known to Postgres by a name of its own. */
export function createCrew(pipeline: Pipeline): Crew {
  const members: Member[] = [];
  const count = { kills: 0, killsInTransaction: 0, leaves: 0, joins: 0 };
  let born = 0;
  const join = async (): Promise<void> => {
    born += 1;
    const applicationName = `processor-${born}`;
    // In the URL it outranks the names that the process gives to its connections.
    const databaseUrl = new URL(pipeline.databaseUrl);
    databaseUrl.searchParams.set('application_name', applicationName);
    const service = await pipeline.addProcessor({ env: { DATABASE_URL: databaseUrl.toString() } });
    members.push({ service, applicationName });
    count.joins += 1;
  };
  const replace = async (): Promise<void> => {
    const member = members.shift();
    if (member === undefined) throw new Error('no processor is left');
    if ((count.kills + count.leaves) % 3 === 2) {
      const { code } = await member.service.stop();
      if (code !== 0) throw new Error(`the processor ended with ${code} on SIGTERM\n${member.service.output()}`);
      count.leaves += 1;
    } else {
      const wasOpen = await killInTransaction({ pool: pipeline.pool, ...member });
      count.kills += 1;
      if (wasOpen) count.killsInTransaction += 1;
    }
    await join();
  };
  return { join, replace, churn: () => ({ ...count }) };
}
