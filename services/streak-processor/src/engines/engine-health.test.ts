import type { PartitionState } from '@streaks/exactly-once/assignment/owned-partition';
import { engineChecks } from './engine-health';

const engine = (...states: PartitionState[]) => ({
  status: () => ({ partitions: new Map(states.entries()), lagRecords: 0n }),
});
const halted: PartitionState = { kind: 'halted', reason: 'TOPIC_RECREATED', detail: '', isRecorded: true };

it('is down before the engines run, and names what is halted by its topic', () => {
  expect(engineChecks(undefined)).toEqual({ partitions: 'down' });
  expect(engineChecks(new Map([['one', engine({ kind: 'claiming' })]]))).toEqual({ partitions: 'up' });
  expect(
    engineChecks(
      new Map([
        ['one', engine({ kind: 'lost' }, halted)],
        ['two', engine(halted)],
      ]),
    ),
  ).toEqual({
    partitions: 'degraded',
    one_partition_1_TOPIC_RECREATED: 'degraded',
    two_partition_0_TOPIC_RECREATED: 'degraded',
  });
});
