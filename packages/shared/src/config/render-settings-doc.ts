import type { SettingsDefinition } from './define-settings';

/** One table of docs/config.md. */
export type SettingsSection = {
  readonly title: string;
  /** A sentence or two under the title. */
  readonly introduction: string;
  readonly settings: Readonly<Record<string, DocumentedSetting>>;
};

export type DocumentedSetting = Pick<SettingsDefinition[string], 'description' | 'default' | 'secret'> & {
  /** Shown where there is no default. `required` when absent. */
  readonly withoutDefault?: string;
};

/** docs/config.md as text: a table for each section, settings in the order of their definition. */
export function renderSettingsDoc(introduction: string, sections: readonly SettingsSection[]): string {
  const parts = sections.map(
    ({ title, introduction: about, settings }) =>
      `## ${title}\n\n${about}\n\n| setting | default | what it does |\n| --- | --- | --- |\n${Object.entries(settings)
        .map(([name, setting]) => renderRow(name, setting))
        .join('\n')}\n`,
  );
  return `# Configuration\n\n${introduction}\n\n${parts.join('\n')}`;
}

function renderRow(name: string, { description, default: value, secret, withoutDefault }: DocumentedSetting): string {
  const shown = value === undefined ? (withoutDefault ?? 'required') : `\`${value}\``;
  const note = secret === true ? ' Never printed.' : '';
  return `| \`${name}\` | ${escapeCell(shown)} | ${escapeCell(description)}${note} |`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
