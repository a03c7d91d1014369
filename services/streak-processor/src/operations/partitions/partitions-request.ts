import { UsageError } from '../command-line/outcomes';
import { type CommandSyntax, parseCommand } from '../command-line/parse-command';
import { flagOption, type OptionValues, smallOption, textOption, wholeOption } from '../command-line/parse-values';

export type ChangeCommand = 'accept-gap' | 'adopt' | 'resume' | 'republish' | 'skip-output';

/** What a command is about: these, or everything that has the halt it cures. */
export type Scope = { readonly kind: 'partitions' | 'shards'; readonly numbers: readonly number[] | 'all' };

export interface ChangeRequest {
  readonly command: ChangeCommand;
  readonly scope: Scope;
  /** Whose partitions are meant; that of what users do when absent. Shards are of no topic. */
  readonly topic: string | undefined;
  readonly to: bigint | undefined;
  readonly reason: string | undefined;
  /** The user of the operating system when absent. */
  readonly actor: string | undefined;
  readonly isAgreed: boolean;
}

export interface HelpRequest {
  readonly command: 'help';
}

export type PartitionsRequest = HelpRequest | { readonly command: 'list'; readonly asJson: boolean } | ChangeRequest;

const SIGNING = ['reason', 'actor', 'yes'];

export const partitionsSyntax: CommandSyntax = {
  name: 'partitions',
  options: {
    partition: 'list',
    shard: 'list',
    all: 'flag',
    topic: 'text',
    to: 'text',
    reason: 'text',
    actor: 'text',
    yes: 'flag',
    json: 'flag',
  },
  commands: {
    list: ['json'],
    'accept-gap': ['partition', 'all', 'topic', 'to', ...SIGNING],
    adopt: ['partition', 'all', 'topic', ...SIGNING],
    resume: ['partition', 'shard', 'all', 'topic', ...SIGNING],
    republish: ['shard', 'all', ...SIGNING],
    'skip-output': ['shard', 'all', 'to', ...SIGNING],
  },
  usage: `npm run partitions -- COMMAND [options]

  list         [--json]                       partitions of the input topics, shards of the output, halts and what to do
  accept-gap   --partition N [--to OFFSET]    go on at the first record that is left, or at OFFSET
  adopt        --partition N                  read a topic that was made anew from its first record
  resume       --partition N | --shard N      clear a halt and try again
  republish    --shard N                      after Postgres was restored: publish again what it has, with new event ids
  skip-output  --shard N [--to SEQ]           count rows up to the mark in Kafka, or up to SEQ, as published

  --topic T    whose partitions: SESSION_EVENTS_TOPIC when absent
  --all        in place of a number: all that are halted for what the command cures
  --reason TEXT, --actor NAME                 kept in operator_audit
  --yes        do not ask`,
};

/** @throws UsageError */
export function parsePartitionsRequest(args: readonly string[]): PartitionsRequest {
  const parsed = parseCommand(partitionsSyntax, args);
  if (parsed.kind === 'help') return { command: 'help' };
  const { command, values } = parsed;
  if (command === 'list') return { command, asJson: flagOption(values, 'json') };
  const scope = parseScope(command as ChangeCommand, values);
  const topic = textOption(values, 'topic');
  if (topic !== undefined && scope.kind === 'shards') throw new UsageError('--topic is about partitions');
  const to = wholeOption(values, 'to');
  if (to !== undefined && (scope.numbers === 'all' || scope.numbers.length > 1)) {
    throw new UsageError('--to is about one partition or shard: name it');
  }
  return {
    command: command as ChangeCommand,
    scope,
    topic,
    to,
    reason: textOption(values, 'reason'),
    actor: textOption(values, 'actor'),
    isAgreed: flagOption(values, 'yes'),
  };
}

function parseScope(command: ChangeCommand, values: OptionValues): Scope {
  const partitions = numbersOf(values, 'partition');
  const shards = numbersOf(values, 'shard');
  const isAll = flagOption(values, 'all');
  const isOutput = command === 'republish' || command === 'skip-output';
  const options = command === 'resume' ? '--partition N, --shard N' : isOutput ? '--shard N' : '--partition N';
  if ([partitions.length > 0, shards.length > 0, isAll].filter(Boolean).length !== 1) {
    throw new UsageError(`${command} needs one of ${options}, --all`);
  }
  if (isAll) return { kind: isOutput ? 'shards' : 'partitions', numbers: 'all' };
  return partitions.length > 0 ? { kind: 'partitions', numbers: partitions } : { kind: 'shards', numbers: shards };
}

/** In ascending order, each once: the order of locks. */
function numbersOf(values: OptionValues, name: string): readonly number[] {
  const given = values[name];
  if (!Array.isArray(given)) return [];
  const numbers = given.flatMap((text: string | boolean) => smallOption({ [name]: text }, name) ?? []);
  return [...new Set(numbers)].sort((a, b) => a - b);
}
