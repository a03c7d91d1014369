import type { Kafka } from 'kafkajs';
import { settled } from '../testing/fixtures';
import { createLogReader } from './log-reader';

function createTrial() {
  const asked: { answer: (high: number) => void; fail: (error: Error) => void }[] = [];
  const seen: bigint[] = [];
  const world = { connects: 0, disconnects: 0 };
  const admin = {
    connect: async () => {
      world.connects++;
    },
    disconnect: async () => {
      world.disconnects++;
    },
    fetchTopicOffsets: () =>
      new Promise((resolve, reject) =>
        asked.push({ answer: (high) => resolve([{ partition: 0, low: '0', high: `${high}` }]), fail: reject }),
      ),
  };
  const reader = createLogReader({
    topic: 'events',
    createKafka: () => ({ admin: () => admin }) as unknown as Kafka,
    fetchTopicId: async () => 'id',
    onHighWatermark: (_, high) => seen.push(high),
  });
  return { reader, asked, seen, world };
}

describe('the log reader', () => {
  it('puts one question for all who ask at once', async () => {
    const { reader, asked, seen } = createTrial();
    const answers = Promise.all([reader.readWatermarks(), reader.readWatermarks()]);
    await settled();
    asked[0]?.answer(7);
    expect((await answers).map((m) => m.get(0)?.high)).toEqual([7n, 7n]);
    expect([asked.length, seen, reader.partitionCount()]).toEqual([1, [7n], 1]);
  });

  it('gives nobody the answer to a question put before he asked: a claim would halt on an old end of the log', async () => {
    const { reader, asked } = createTrial();
    const early = reader.readWatermarks();
    await settled();
    const late = reader.readWatermarks(); // its position was read after the first question was put
    await settled();
    asked[0]?.answer(100);
    asked[1]?.answer(110);
    expect([(await early).get(0)?.high, (await late).get(0)?.high]).toEqual([100n, 110n]);
  });

  it('connects anew after an error, and not after it was closed', async () => {
    const { reader, asked, world } = createTrial();
    const failing = reader.readWatermarks();
    await settled();
    asked[0]?.fail(new Error('broker away'));
    await expect(failing).rejects.toThrow('broker away');
    const again = reader.readWatermarks();
    await settled();
    asked[1]?.answer(1);
    await again;
    await reader.close();
    await expect(reader.readWatermarks()).rejects.toThrow('closed');
    expect(world).toEqual({ connects: 2, disconnects: 2 });
  });
});
