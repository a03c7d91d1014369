import { parseBrokers, readPort, serverPorts } from './cli-settings';

test.each([
  [[], 1],
  [['--brokers', '3'], 3],
  [['--brokers=3'], 3],
  [['--brokers', '1'], 1],
] as const)('%j asks for %i broker(s)', (args, brokers) => {
  expect(parseBrokers(args)).toBe(brokers);
});

test.each([[['--brokers', '2']], [['--brokers']], [['three']]])('%j is refused with what is known', (args) => {
  expect(() => parseBrokers(args)).toThrow(/^Unknown arguments: .* Known: --brokers 1 or --brokers 3\.$/);
});

test('ports come from the environment, else the defaults', () => {
  expect(serverPorts({ STREAKS_KAFKA_PORT: '0', STREAKS_REDIS_PORT: '7000' })).toEqual({
    kafka: 0,
    registry: 8081,
    postgres: 5432,
    redis: 7000,
  });
});

test.each(['abc', '70000', '-1', '1.5'])('%j is no port', (text) => {
  expect(() => readPort({ P: text }, 'P', 1)).toThrow(`P must be a port number, not "${text}".`);
});
