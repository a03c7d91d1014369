import { closeRedis, createRedis, waitForRedis } from './create-redis';

describe('createRedis', () => {
  it('fails at once while Redis is away and reports the outage once', async () => {
    const outages: string[] = [];
    // Port 1 of loopback: nothing listens there.
    const redis = createRedis({
      url: 'redis://127.0.0.1:1',
      name: 'test',
      onOutage: (error) => outages.push(error.message),
    });
    await expect(redis.get('key')).rejects.toThrow();
    expect(await waitForRedis(redis, 300)).toBe(false);
    await closeRedis(redis);
    expect(outages).toHaveLength(1);
  });
});
