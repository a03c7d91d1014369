import type { Connections } from '../../command-line/connect';

/** Members of a consumer group as Kafka sees them; 0 for a group that is not there. */
export async function readGroupMembers(connections: Pick<Connections, 'withAdmin'>, groupId: string): Promise<number> {
  return await connections.withAdmin(async (admin) => {
    const { groups } = await admin.describeGroups([groupId]);
    return groups[0]?.members.length ?? 0;
  });
}
