import type { z } from 'zod';

/** One setting, read from the environment variable of its name. */
export type Setting<T> = {
  /** From the text of the variable to the value the code uses. */
  readonly schema: z.ZodType<T, string>;
  /** Text used when the variable is absent or empty. Without a default the setting is required. */
  readonly default?: string;
  /** One sentence for docs/config.md: what it does, with its unit. */
  readonly description: string;
  /** A secret's value is never printed, neither in an error nor in a log. */
  readonly secret?: boolean;
};

export type SettingsDefinition = Readonly<Record<string, Setting<unknown>>>;
export type SettingsOf<D extends SettingsDefinition> = {
  readonly [Name in keyof D]: D[Name] extends Setting<infer T> ? T : never;
};

/** Every fault of the environment at once, one line each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the settings are not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Declares a service's settings; keeps the exact types, so that `parseSettings` gives a typed object. */
export function defineSettings<const D extends SettingsDefinition>(definition: D): D {
  return definition;
}

/**
 * Reads the defined settings from an environment and freezes them.
 *
 * @throws {SettingsError} naming every fault, when any value is missing or not valid.
 */
export function parseSettings<const D extends SettingsDefinition>(
  definition: D,
  env: Readonly<Record<string, string | undefined>>,
): SettingsOf<D> {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, setting] of Object.entries(definition)) {
    const given = env[name]?.trim();
    const text = given === undefined || given === '' ? setting.default : given;
    if (text === undefined) {
      faults.push(`${name} is required: ${setting.description}`);
      continue;
    }
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else faults.push(`${name} ${describeFault(setting, text, parsed.error)}`);
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return Object.freeze(values) as SettingsOf<D>;
}

/** A schema's own message may quote its input, so a secret gets a fixed sentence instead. */
function describeFault(setting: Setting<unknown>, text: string, error: z.ZodError): string {
  if (setting.secret === true) return `is not valid (value not shown): ${setting.description}`;
  return `is not valid (${JSON.stringify(text)}): ${error.issues.map((issue) => issue.message).join('; ')}`;
}
