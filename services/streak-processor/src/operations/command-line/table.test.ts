import { SettingsError } from '@streaks/shared/config/define-settings';
import { EXIT, lineOf, RefusedError, UsageError } from './outcomes';
import { runCommand } from './run-command';
import { formatJson, formatTable } from './table';

describe('what a command prints', () => {
  it('is a table with numbers to the right, and nothing in it that moves a cursor', () => {
    const table = formatTable(
      ['partition', 'owner', 'lag'],
      [
        [0, 'a\u001b[2Jb\nc', 12n],
        [11, null, 3_000n],
      ],
    );
    expect(table.split('\n')).toEqual([
      'partition  owner      lag',
      '        0  a\u00b7[2Jb\u00b7c    12',
      '       11  -         3000',
    ]);
  });

  it('is JSON in which large numbers are text', () => {
    expect(JSON.parse(formatJson({ offset: 2n ** 62n, count: 3 }))).toEqual({
      offset: '4611686018427387904',
      count: 3,
    });
  });
});

describe('the end of a command', () => {
  const connectionError = Object.assign(new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')]), {
    message: '',
  });

  it.each<[string, unknown, number, string]>([
    ['a word typed wrong', new UsageError('unknown'), EXIT.usage, 'partitions: unknown (npm run partitions -- --help)'],
    [
      'settings that are missing',
      new SettingsError(['DATABASE_URL is required']),
      EXIT.usage,
      'DATABASE_URL is required',
    ],
    ['a state that is another', new RefusedError('changed'), EXIT.refused, 'partitions: changed'],
    ['a server that is away', connectionError, EXIT.failed, 'partitions: connect ECONNREFUSED 127.0.0.1:1'],
  ])('after %s is one line and an exit code', async (_, error, exitCode, line) => {
    const noted: string[] = [];
    const terminal = {
      print: () => undefined,
      note: (text: string) => void noted.push(text),
      ask: async () => undefined,
    };
    expect(await runCommand('partitions', terminal, () => Promise.reject(error))).toBe(exitCode);
    expect(noted).toEqual([expect.stringContaining(line)]);
    expect(noted[0]).not.toContain('\n');
  });

  it('tells an error that is none', () => {
    expect(lineOf('gone')).toBe('gone');
  });
});
