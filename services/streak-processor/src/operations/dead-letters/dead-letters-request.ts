import { UsageError } from '../command-line/outcomes';
import { type CommandSyntax, parseCommand } from '../command-line/parse-command';
import {
  flagOption,
  type OptionValues,
  smallOption,
  textOption,
  timeOption,
  uuidOption,
  wholeOption,
} from '../command-line/parse-values';
import { isSelective, type Selection } from './selection';

export interface HelpRequest {
  readonly command: 'help';
}

export type DeadLettersRequest =
  | HelpRequest
  | { readonly command: 'list'; readonly selection: Selection; readonly limit: number; readonly asJson: boolean }
  | { readonly command: 'show'; readonly selection: Selection; readonly limit: number; readonly asJson: boolean }
  | ReplayRequest
  | PurgeRequest;

interface Signed {
  readonly actor: string | undefined;
  readonly isAgreed: boolean;
}

export interface ReplayRequest extends Signed {
  readonly command: 'replay';
  readonly selection: Selection;
  readonly limit: number | undefined;
  /** Also what was replayed before, or came from a replay. */
  readonly again: boolean;
}

export interface PurgeRequest extends Signed {
  readonly command: 'purge';
  readonly selection: Selection;
}

const SELECTING = ['reason', 'topic', 'partition', 'offset', 'topic-id', 'user', 'since'];
const DEFAULT_LIMIT = 20;

export const deadLettersSyntax: CommandSyntax = {
  name: 'dead-letters',
  options: {
    reason: 'text',
    topic: 'text',
    partition: 'text',
    offset: 'text',
    'topic-id': 'text',
    user: 'text',
    since: 'text',
    'older-than': 'text',
    limit: 'text',
    all: 'flag',
    again: 'flag',
    actor: 'text',
    yes: 'flag',
    json: 'flag',
  },
  commands: {
    list: [...SELECTING, 'limit', 'json'],
    show: [...SELECTING, 'limit', 'json'],
    replay: [...SELECTING, 'limit', 'all', 'again', 'actor', 'yes'],
    purge: [...SELECTING, 'older-than', 'all', 'actor', 'yes'],
  },
  usage: `npm run dead-letters -- COMMAND [options]

  list    [--limit 20] [--json]    how many for which reason, and the newest
  show    --partition N --offset N [--json]    one with its bytes, and what became of its replay
  replay  [--limit N] [--again]    publish the original bytes to their topic again; those replayed before are left out
  purge   [--older-than 30d]       delete; those not yet published to Kafka stay

  which   --reason R   --topic T   --partition N [--offset N]   --topic-id ID   --user ID   --since 2026-11-21|12h|7d
          replay and purge need one of these, or --all
  --actor NAME    kept in operator_audit
  --yes           do not ask`,
};

/** @throws UsageError */
export function parseDeadLettersRequest(args: readonly string[], nowMs: number): DeadLettersRequest {
  const parsed = parseCommand(deadLettersSyntax, args);
  if (parsed.kind === 'help') return { command: 'help' };
  const { command, values } = parsed;
  const selection = parseSelection(values, nowMs);
  const limit = smallOption(values, 'limit');
  if (limit === 0) throw new UsageError('--limit is at least 1');
  const signed = { actor: textOption(values, 'actor'), isAgreed: flagOption(values, 'yes') };
  if (command === 'list')
    return { command, selection, limit: limit ?? DEFAULT_LIMIT, asJson: flagOption(values, 'json') };
  if (command === 'show') {
    if (selection.partition === undefined || selection.offset === undefined) {
      throw new UsageError('show needs --partition N --offset N');
    }
    return { command, selection, limit: limit ?? DEFAULT_LIMIT, asJson: flagOption(values, 'json') };
  }
  if (isSelective(selection) === flagOption(values, 'all')) {
    throw new UsageError(`${command} needs to be told which: by reason, topic, partition, user or time, or else --all`);
  }
  if (command === 'purge') return { command, selection, ...signed };
  return { command: 'replay', selection, limit, again: flagOption(values, 'again'), ...signed };
}

function parseSelection(values: OptionValues, nowMs: number): Selection {
  const given = {
    reason: textOption(values, 'reason'),
    topic: textOption(values, 'topic'),
    partition: smallOption(values, 'partition'),
    offset: wholeOption(values, 'offset'),
    topicId: uuidOption(values, 'topic-id'),
    userId: textOption(values, 'user'),
    since: timeOption(values, 'since', nowMs),
    before: timeOption(values, 'older-than', nowMs),
  };
  if (given.offset !== undefined && given.partition === undefined) throw new UsageError('--offset needs --partition');
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
