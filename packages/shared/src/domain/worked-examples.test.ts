import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalDay, parseIsoDate } from './calendar/local-day';
import { resolveSettings } from './settings/effective-settings';
import { addChange, noSettings } from './settings/stored-settings';
import type { Bridging } from './streaks/bridging';
import { type ChangeType, classifyAddedDay } from './streaks/change-type';
import { evaluateFreezes, evaluateStreak } from './streaks/evaluate-streak';
import { addDay, runsFromDays } from './streaks/runs';

const page = readFileSync(join(__dirname, '../../../../docs/domain.md'), 'utf8');

/** The rows of the table of docs/domain.md whose head begins with these cells, without backquotes. */
function tableOf(head: string): string[][] {
  const lines = page.slice(page.indexOf(head)).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.replaceAll('`', '').trim()),
  );
}

function june(day: number): LocalDay {
  return ((parseIsoDate('2025-06-01') ?? Number.NaN) + day - 1) as LocalDay;
}

/** `1–3` or `7` */
function daysOf(cell: string): number[] {
  const [first = Number.NaN, last = first] = cell.split('–').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

const bridging: Bridging = {
  freezes: [{ from: june(1), rule: { earnEvery: 3, cap: 2 } }],
  pauses: [{ first: june(14), last: june(15) }],
};

describe('docs/domain.md is true of', () => {
  const rows = tableOf('| June | what happened |');

  it.each(rows)('June %s: %s', (until, what, ...expected) => {
    const index = rows.findIndex(([days]) => days === until);
    const past = rows.slice(0, index + 1).filter(([, kind]) => kind === 'qualified');
    const state = { runs: runsFromDays(past.flatMap(([days = '']) => daysOf(days).map(june))), bridging };
    const today = june((daysOf(until ?? '').at(-1) ?? Number.NaN) + 1);
    const { currentStreak } = evaluateStreak(state, today, { cutAfterToday: false });
    const { freezesLeft, daysBridged, status } = evaluateFreezes(state, today);
    expect([currentStreak, freezesLeft, daysBridged, status].map(String)).toEqual(expected);
    expect(what).toMatch(/^(qualified|missed|paused)$/);
  });

  it('the session of the 17th that arrives late', () => {
    expect(rows).toHaveLength(10);
    const qualified = rows.filter(([, what]) => what === 'qualified').flatMap(([days = '']) => daysOf(days).map(june));
    const before = { runs: runsFromDays(qualified), bridging };
    const after = { runs: addDay(before.runs, june(17)), bridging };
    expect(classifyAddedDay(before, june(17))).toBe('STREAK_RECOVERED');
    expect(evaluateStreak(after, june(19), { cutAfterToday: false }).currentStreak).toBe(13);
    expect(evaluateFreezes(after, june(19)).freezesLeft).toBe(1);
  });

  it.each(tableOf('| changes of the target,'))('the target after %s', (changes, ...expected) => {
    const made = changes?.split(', ').map((text) => text.match(/\d+/g)?.map(Number) ?? []) ?? [];
    const stored = made.reduce((settings, [seconds = Number.NaN, from = Number.NaN], at) => {
      const change = {
        changeId: `${at}`,
        changedAtMs: at,
        effectiveFrom: from as LocalDay,
        dailyTargetSeconds: seconds,
      };
      return addChange(settings, change, at);
    }, noSettings);
    const { targetOn } = resolveSettings(stored, new Map());
    const targets = [4, 5, 9, 10].map((day) => (targetOn('focus', day as LocalDay) ?? Number.NaN) / 1000);
    expect(targets.map(String)).toEqual(expected);
  });

  const january = [1, 2, 4, 5] as LocalDay[];
  /** December is before 1. */
  const dayOf = (cell: string): LocalDay =>
    (cell.endsWith('December') ? Number(cell.split(' ')[0]) - 31 : Number(cell)) as LocalDay;

  it.each(tableOf('| arriving day | type | runs after |'))('the arriving day %s: %s', (day = '', type, runs = '') => {
    const before = runsFromDays(january);
    expect(classifyAddedDay({ runs: before }, dayOf(day))).toBe(type);
    const shown = addDay(before, dayOf(day)).map(({ first, length }) => {
      const [from, to] = [first, first + length - 1].map((at) => (at < 1 ? at + 31 : at));
      return from === to ? `${from}` : `${from}–${to}`;
    });
    expect(shown.join(', ')).toBe(runs);
  });

  it.each(tableOf('| arriving day | type | current streak |'))(
    'with a freeze, %s: %s',
    (day = '', type, shown = '') => {
      const freezes: Bridging['freezes'] = [{ from: 1 as LocalDay, rule: { earnEvery: 2, cap: 1 } }];
      const before = { runs: runsFromDays([4, 5] as LocalDay[]), bridging: { freezes, pauses: [] } };
      const added = dayOf(day);
      const expected: ChangeType = classifyAddedDay(before, added);
      expect(expected).toBe(type);
      const { currentStreak } = evaluateStreak({ ...before, runs: addDay(before.runs, added) }, added, {
        cutAfterToday: false,
      });
      expect(currentStreak).toBe(shown.startsWith('one more') ? 3 : Number(shown));
    },
  );
});
