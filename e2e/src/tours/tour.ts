/** What stands in a page for a part of the output that differs from run to run. Never matches past the end of a line. */
export const VARIES = '…';

/** One `sh` block of a page and the output that stands under it; empty where nothing is to be printed. */
export interface TourStep {
  readonly command: string;
  readonly expected: string;
}

const FENCED_BLOCK = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** The text of a section of a page, whose heading is of the second level. */
export function findSection(page: string, heading: string): string {
  const [, afterHeading] = page.split(`\n## ${heading}\n`);
  if (afterHeading === undefined) throw new Error(`the page has no section "${heading}"`);
  const [section = ''] = afterHeading.split(/^## /m);
  return section;
}

/** The steps of a text, in order. */
export function parseTour(text: string): readonly TourStep[] {
  const steps: TourStep[] = [];
  for (const [, language = '', block = ''] of text.matchAll(FENCED_BLOCK)) {
    if (language === 'sh') {
      steps.push({ command: block.trimEnd(), expected: '' });
      continue;
    }
    const last = steps.pop();
    if (last === undefined || last.expected !== '') throw new Error(`an output without a command: ${block}`);
    steps.push({ command: last.command, expected: block.trimEnd() });
  }
  return steps;
}

/** The first fenced block of a language. */
export function findBlock(page: string, language: string): string {
  for (const [, found, text = ''] of page.matchAll(FENCED_BLOCK)) if (found === language) return text;
  throw new Error(`the page has no block of ${language}`);
}

/** Replaces each text, wherever it stands. */
export function replaceAddresses(command: string, addresses: Readonly<Record<string, string>>): string {
  return Object.entries(addresses).reduce((text, [written, actual]) => text.replaceAll(written, actual), command);
}

/** A step that only asks may be asked again: what was published a moment ago may still be on its way. */
export function onlyReads(command: string): boolean {
  return !/127\.0\.0\.1:3001\b|\bkcat\b/.test(command);
}

/** The expected output where the actual one is like it, so that a comparison shows only what is not. */
export function likeExpected(actual: string, expected: string): string {
  const pattern = expected.split(VARIES).map(escapeForPattern).join('[^\\n]*');
  return new RegExp(`^${pattern}$`).test(actual.trimEnd()) ? expected : actual.trimEnd();
}

function escapeForPattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
