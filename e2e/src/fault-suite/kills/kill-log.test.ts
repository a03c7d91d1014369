import { createKillLog } from './kill-log';

const report = (step: string, open: { postgres?: boolean; kafka?: boolean } = {}): string =>
  [
    '{"level":30,"event":"service_started"}',
    JSON.stringify({
      event: 'failpoint_reached',
      step,
      hit: 2,
      action: 'kill',
      postgresTransactionOpen: open.postgres ?? false,
      kafkaTransactionOpen: open.kafka ?? false,
      hits: { [step]: 2 },
    }),
    '',
  ].join('\n');

describe('the log of kills', () => {
  it('counts kills by step, and those with work open', () => {
    const log = createKillLog();
    expect(log.add(report('B5_NUMBERED', { postgres: true }))).toBe(true);
    expect(log.add(report('P4_SENT', { kafka: true }))).toBe(true);
    expect(log.add(report('B2_QUEUED'))).toBe(true);
    expect(log.add(report('R3_MARK_MOVED'))).toBe(true);
    const figures = log.figures();
    expect(figures).toMatchObject({ kills: 4, withWorkOpen: 3, inPostgresTransaction: 1, inKafkaTransaction: 1 });
    expect(figures.hits).toMatchObject({ B5_NUMBERED: 1, P4_SENT: 1, A0_ASSIGNED: 0 });
    expect(figures.passes.B5_NUMBERED).toBe(2);
  });

  it('knows a process that reached no failpoint', () => {
    const log = createKillLog();
    expect(log.add('{"level":60,"event":"service_failed"}\n')).toBe(false);
    log.addImpatient();
    expect(log.figures()).toMatchObject({ kills: 0, impatient: 1 });
  });
});
