import { UsageError } from '../command-line/outcomes';
import { parsePartitionsRequest } from './partitions-request';

const parse = (line: string) => parsePartitionsRequest(line.split(' '));

describe('partitions, as typed', () => {
  it.each([
    ['list', { command: 'list', asJson: false }],
    ['list --json', { command: 'list', asJson: true }],
    ['accept-gap --help', { command: 'help' }],
    ['help', { command: 'help' }],
    [
      'accept-gap --partition 3 --to 120 --reason retention --yes',
      {
        command: 'accept-gap',
        scope: { kind: 'partitions', numbers: [3] },
        topic: undefined,
        to: 120n,
        reason: 'retention',
        actor: undefined,
        isAgreed: true,
      },
    ],
    ['adopt --partition 7 --partition 2 --partition 7', { scope: { kind: 'partitions', numbers: [2, 7] } }],
    ['adopt --all --topic organisation-events', { topic: 'organisation-events' }],
    ['resume --all', { scope: { kind: 'partitions', numbers: 'all' }, isAgreed: false }],
    ['resume --shard 4', { scope: { kind: 'shards', numbers: [4] } }],
    ['republish --all --actor ada', { scope: { kind: 'shards', numbers: 'all' }, actor: 'ada' }],
    ['skip-output --shard 0 --to 9223372036854775807', { to: 9_223_372_036_854_775_807n }],
  ])('%s', (line, expected) => {
    expect(parse(line)).toMatchObject(expected);
  });

  it.each([
    ['--yes', 'which command'],
    ['drop --all', 'unknown command "drop"'],
    ['toString', 'unknown command'],
    ['list 3', 'takes options only'],
    ['list --yes', 'list does not take --yes'],
    ['adopt --partition 1 --to 5', 'adopt does not take --to'],
    ['resume --shard 1 --topic organisation-events', '--topic is about partitions'],
    ['list --topic organisation-events', 'list does not take --topic'],
    ['republish --partition 1', 'republish does not take --partition'],
    ['accept-gap', 'needs one of --partition N, --all'],
    ['resume --partition 1 --shard 1', 'needs one of --partition N, --shard N, --all'],
    ['accept-gap --partition 1 --all', 'needs one of'],
    ['accept-gap --all --to 5', '--to is about one'],
    ['accept-gap --partition 1 --partition 2 --to 5', '--to is about one'],
    ['accept-gap --partition -1', '--partition'],
    ['accept-gap --partition 1.5', 'whole number'],
    ['accept-gap --partition 1e3', 'whole number'],
    ['accept-gap --partition 2147483648', 'too large'],
    ['accept-gap --partition 1 --to 9223372036854775808', 'whole number'],
    ['accept-gap --partition 1 --reason', "'--reason <value>' argument missing"],
    ['accept-gap --partition 1 --force', "Unknown option '--force'"],
  ])('%s is refused', (line, message) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(message);
  });
});
