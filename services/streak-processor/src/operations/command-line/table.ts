type Cell = string | number | bigint | null | undefined;

const SMALLEST_GAP = '  ';

/** Rows under a heading, each column as wide as its widest cell. Columns that hold nothing but numbers are set to the right. */
export function formatTable(heading: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [heading, ...rows.map((row) => row.map(textOf))];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isNumeric = heading.map((_, column) => rows.every((row) => isNumberOrBlank(row[column])));
  return lines
    .map((line) =>
      widths
        .map((width, column) => {
          const text = line[column] ?? '';
          return isNumeric[column] ? text.padStart(width) : text.padEnd(width);
        })
        .join(SMALLEST_GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** Control characters of stored text would move the cursor of the terminal, or worse. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u00b7');
}

/** Rows as JSON: 64-bit numbers as text, since JSON's readers round them. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item), 2);
}

const textOf = (cell: Cell): string => (cell === null || cell === undefined ? '-' : printable(String(cell)));

const isNumberOrBlank = (cell: Cell): boolean => typeof cell !== 'string';
