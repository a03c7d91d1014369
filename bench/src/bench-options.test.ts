import { DEFAULT_SECTIONS, GROWTH_PARTS, parseBenchOptions } from './bench-options';

describe('options of the bench', () => {
  it('run every section but growth when none is named', () => {
    const options = parseBenchOptions([]);
    expect(options.sections).toEqual(DEFAULT_SECTIONS);
    expect(options.growth).toEqual(GROWTH_PARTS);
    expect(options).toMatchObject({
      events: 500_000,
      runs: 3,
      prefill: undefined,
      rates: [2_000, 10_000],
      minutes: 30,
    });
  });

  it('name sections and give figures', () => {
    const options = parseBenchOptions([
      'plain',
      'growth',
      '--events',
      '1000',
      '--growth',
      'users,steady',
      '--minutes',
      '0.5',
    ]);
    expect(options).toMatchObject({
      sections: ['plain', 'growth'],
      events: 1_000,
      growth: ['users', 'steady'],
      minutes: 0.5,
    });
  });

  it('hand settings to the services', () => {
    expect(parseBenchOptions(['--set', 'A=1', '--set', 'B_2=x=y']).serviceEnv).toEqual({ A: '1', B_2: 'x=y' });
  });

  it.each([
    [['nothing'], 'Unknown section "nothing". Known: backlog, plain'],
    [['--events', '0'], '"0" is no count.'],
    [['--growth', 'up'], 'Unknown part "up"'],
    [['--set', 'a'], '"a" is no NAME=VALUE.'],
    [['--what'], "Unknown option '--what'"],
  ])('refuse %j', (args, message) => {
    expect(() => parseBenchOptions(args)).toThrow(message);
  });
});
