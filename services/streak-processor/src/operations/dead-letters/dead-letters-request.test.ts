import { UsageError } from '../command-line/outcomes';
import { parseDeadLettersRequest } from './dead-letters-request';

const NOW_MS = Date.parse('2026-11-21T12:00:00Z');
const parse = (line: string) => parseDeadLettersRequest(line.split(' '), NOW_MS);

describe('dead-letters, as typed', () => {
  it.each([
    ['list', { command: 'list', selection: {}, limit: 20, asJson: false }],
    ['list --since 12h --limit 5', { selection: { since: new Date('2026-11-21T00:00:00Z') }, limit: 5 }],
    ['list --since 2026-11-20', { selection: { since: new Date('2026-11-20T00:00:00Z') } }],
    ['list --since 2026-11-20T08:00:00+02:00', { selection: { since: new Date('2026-11-20T06:00:00Z') } }],
    [
      'show --partition 3 --offset 12 --json',
      { command: 'show', selection: { partition: 3, offset: 12n }, asJson: true },
    ],
    [
      'replay --reason INVALID_SESSION --user ada --again --yes',
      { command: 'replay', selection: { reason: 'INVALID_SESSION', userId: 'ada' }, again: true, isAgreed: true },
    ],
    ['replay --topic friendship-events', { selection: { topic: 'friendship-events' } }],
    ['replay --all', { selection: {}, limit: undefined, again: false, isAgreed: false }],
    ['purge --older-than 30d', { command: 'purge', selection: { before: new Date('2026-10-22T12:00:00Z') } }],
    [
      'purge --topic-id 0F8FAD5B-d9cb-469f-a165-70867728950e',
      { selection: { topicId: '0F8FAD5B-d9cb-469f-a165-70867728950e' } },
    ],
  ])('%s', (line, expected) => {
    expect(parse(line)).toMatchObject(expected);
  });

  it.each([
    ['replay', 'needs to be told which'],
    ['purge --yes', 'needs to be told which'],
    ['purge --all --reason X', 'needs to be told which'],
    ['show --partition 3', 'show needs --partition N --offset N'],
    ['replay --offset 3', '--offset needs --partition'],
    ['list --since yesterday', '--since takes'],
    ['list --since 2026-13-01', 'no time that exists'],
    ['list --limit 0', 'at least 1'],
    ['replay --older-than 30d', 'replay does not take --older-than'],
    ['purge --older-than 30', '--older-than takes'],
    ['list --topic-id session-events', 'takes a UUID'],
  ])('%s is refused', (line, message) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(message);
  });
});
