import { createFailpoints, type FailpointReport } from './failpoints';

function createTrial(text: string) {
  const lines: string[] = [];
  const signals: string[] = [];
  const waits: number[] = [];
  const onStep = createFailpoints(text, {
    writeLine: (line) => lines.push(line),
    signal: (signal) => signals.push(`${signal} after ${lines.length} lines`),
    wait: async (ms) => {
      waits.push(ms);
    },
  });
  return { onStep, signals, waits, reports: () => lines.map((line) => JSON.parse(line) as FailpointReport) };
}

describe('failpoints', () => {
  it('cost nothing when there are none', () => {
    expect(createTrial('').onStep).toBeUndefined();
    expect(createTrial(' , ').onStep).toBeUndefined();
  });

  it('kill at the hit they name, and not before, after the line that says so', () => {
    const { onStep, signals, reports } = createTrial('B5_NUMBERED@3:kill');
    onStep?.('B5_NUMBERED');
    onStep?.('B4_APPLIED');
    onStep?.('B5_NUMBERED');
    expect(signals).toEqual([]);
    onStep?.('B5_NUMBERED');
    expect(signals).toEqual(['SIGKILL after 1 lines']);
    expect(reports()).toEqual([
      {
        event: 'failpoint_reached',
        step: 'B5_NUMBERED',
        hit: 3,
        action: 'kill',
        postgresTransactionOpen: true,
        kafkaTransactionOpen: false,
        hits: { B5_NUMBERED: 3, B4_APPLIED: 1 },
      },
    ]);
  });

  it('stop once, and go on after SIGCONT', () => {
    const { onStep, signals } = createTrial('P4_SENT@1:stop');
    onStep?.('P4_SENT');
    onStep?.('P4_SENT');
    expect(signals).toEqual(['SIGSTOP after 1 lines']);
  });

  it('tell which transaction the step stands in', () => {
    const { onStep, reports } = createTrial('P5_MARK_SENT@1:kill,P6_COMMITTED@1:kill');
    onStep?.('P5_MARK_SENT');
    onStep?.('P6_COMMITTED');
    expect(reports().map((report) => report.kafkaTransactionOpen)).toEqual([true, false]);
    const page = createTrial('J4_NUMBERED@1:kill,J5_COMMITTED@1:kill');
    page.onStep?.('J4_NUMBERED');
    page.onStep?.('J5_COMMITTED');
    expect(page.reports().map((report) => report.postgresTransactionOpen)).toEqual([true, false]);
  });

  it('hold a step up from the hit they name on', async () => {
    const { onStep, waits } = createTrial('R2_WRITTEN@2:delay=500');
    for (let hit = 1; hit <= 3; hit += 1) await onStep?.('R2_WRITTEN');
    expect(waits).toEqual([500, 500]);
  });

  it.each(['B5@1:kill', 'B5_NUMBERED@0:kill', 'B5_NUMBERED:kill', 'B5_NUMBERED@1:delay', 'B5_NUMBERED@1:kill=5'])(
    'refuse %s',
    (text) => {
      expect(() => createTrial(text)).toThrow(`"${text}" is no failpoint`);
    },
  );
});
