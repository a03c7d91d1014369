import { Kafka, logLevel } from 'kafkajs';
import { createPartitionControl } from './partition-control';

describe('control of the partitions of a consumer', () => {
  it('does nothing once the consumer is gone: a lost fence must not end the process', () => {
    const kafka = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING });
    const stopped = kafka.consumer({ groupId: 'g' }); // not running, as after a crash
    expect(() => stopped.pause([{ topic: 'events', partitions: [0] }])).toThrow('not initialized');
    const control = createPartitionControl(stopped, 'events');
    expect(() => control.pause([0])).not.toThrow();
    expect(() => control.resumeAt(0, 5n)).not.toThrow();
  });

  it('seeks before it resumes, so that nothing is fetched from the old position in between', () => {
    const calls: unknown[] = [];
    const record = (name: string) => (argument: unknown) => void calls.push([name, argument]);
    const control = createPartitionControl(
      { pause: record('pause'), seek: record('seek'), resume: record('resume') } as never,
      'events',
    );
    control.resumeAt(3, 2n ** 53n + 1n);
    expect(calls).toEqual([
      ['seek', { topic: 'events', partition: 3, offset: '9007199254740993' }],
      ['resume', [{ topic: 'events', partitions: [3] }]],
    ]);
  });

  it('lets other errors through', () => {
    const broken = {
      pause: () => undefined,
      resume: () => undefined,
      seek: () => {
        throw new Error('Invalid offset');
      },
    };
    expect(() => createPartitionControl(broken as never, 'events').resumeAt(0, 1n)).toThrow('Invalid offset');
  });
});
