import { parseArgs } from 'node:util';
import { UsageError } from './outcomes';
import type { OptionValues } from './parse-values';

type OptionKind = 'text' | 'flag' | 'list';

export interface CommandSyntax {
  /** As typed: `partitions`. */
  readonly name: string;
  readonly options: Readonly<Record<string, OptionKind>>;
  /** Which options each subcommand takes. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly usage: string;
}

export type ParsedCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'command'; readonly command: string; readonly values: OptionValues };

/** @throws UsageError for an unknown command or option, and for one that the command does not take */
export function parseCommand(syntax: CommandSyntax, args: readonly string[]): ParsedCommand {
  const { positionals, values } = split(syntax, args);
  const [command, ...rest] = positionals;
  if (values['help'] === true || command === 'help') return { kind: 'help' };
  const names = Object.keys(syntax.commands).join(', ');
  if (command === undefined) throw new UsageError(`which command? One of ${names}`);
  const taken = Object.hasOwn(syntax.commands, command) ? syntax.commands[command] : undefined;
  if (taken === undefined) throw new UsageError(`unknown command ${JSON.stringify(command)}; there are ${names}`);
  if (rest.length > 0) throw new UsageError(`${command} takes options only, not ${JSON.stringify(rest[0])}`);
  const foreign = Object.keys(values).find((name) => !taken.includes(name));
  if (foreign !== undefined) throw new UsageError(`${command} does not take --${foreign}`);
  return { kind: 'command', command, values };
}

function split(syntax: CommandSyntax, args: readonly string[]): { positionals: string[]; values: OptionValues } {
  const kinds: CommandSyntax['options'] = { ...syntax.options, help: 'flag' };
  const options = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      name,
      { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: kind === 'list' },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const [first = ''] = (error as Error).message.split('. To specify');
    throw new UsageError(first.replace(/\.$/, ''));
  }
}
