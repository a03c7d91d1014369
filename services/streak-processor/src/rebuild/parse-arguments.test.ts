import { parseArguments } from './parse-arguments';

describe('parseArguments', () => {
  it('rebuilds from the log where nothing is said', () => {
    expect(parseArguments([])).toEqual({
      isHelp: false,
      isRedisOnly: false,
      isDryRun: false,
      mayDropUnlogged: false,
      source: 'log',
    });
    expect(parseArguments(['--from', 'sessions', '--dry-run'])).toMatchObject({ source: 'sessions', isDryRun: true });
    expect(parseArguments(['--redis'])).toMatchObject({ isRedisOnly: true });
  });

  it.each([
    [['--from', 'backup'], '--from is log or sessions'],
    [['--redis', '--dry-run'], '--redis goes with no other option'],
    [['--swap'], '--swap'],
    [['now'], 'now'],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });
});
