import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { problemCatalog } from '@streaks/shared/errors/problem-catalog';
import { repositoryRoot } from '@streaks/testing/repository';

const NOT_OURS = /^(node_modules|dist|\..*)$/;
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');

function filesUnder(folder: string, suffix: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.test(entry.name) ? [] : filesUnder(path, suffix);
    return entry.name.endsWith(suffix) ? [path] : [];
  });
}

const pages = filesUnder(repositoryRoot, '.md').map((path) => relative(repositoryRoot, path));

/** Without fenced blocks and code spans, whose brackets are no links. */
const proseOf = (markdown: string) => markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchors of a page, made of its headings as GitHub makes them. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} +(.+)$/gm);
  return new Set([...headings].map(([, text = '']) => anchorOf(text)));
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function brokenLinks(page: string): string[] {
  const targets = [...proseOf(read(page)).matchAll(LINK)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !isThere(page, target));
}

function isThere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const linked = path === '' ? page : join(dirname(page), path);
  const absolute = join(repositoryRoot, linked);
  if (!existsSync(absolute)) return false;
  return anchor === undefined || (statSync(absolute).isFile() && anchorsOf(read(linked)).has(anchor));
}

/** The members of a union of string literals, as its file spells them. */
function membersOf(file: string, type: string): string[] {
  const [, union = ''] = new RegExp(`export type ${type} =([^;]+);`).exec(read(file)) ?? [];
  return [...union.matchAll(/'([A-Z_]+)'/g)].map(([, name = '']) => name);
}

/** What the sources outside of tests match, by the first group of the pattern. */
function namesInCode(pattern: RegExp): string[] {
  const names = ['packages', 'services']
    .flatMap((folder) => filesUnder(join(repositoryRoot, folder), '.ts'))
    .filter((path) => !/\.(test|fixture)\.ts$|\/(testing|test-support)\//.test(path))
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, name = '']) => name));
  return [...new Set(names)];
}

/** Those that a page does not have as code. */
const missingOn = (page: string, names: readonly string[]) => {
  const text = read(page);
  return names.filter((name) => !text.includes(`\`${name}\``));
};

describe('the docs', () => {
  it.each(pages)('%s has no broken link', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('name every problem code, with its status', () => {
    const rows = read('docs/http.md').split('\n');
    const isDocumented = ([code, { status }]: [string, { readonly status: number }]) =>
      rows.some((row) => row.startsWith(`| \`${code}\` | ${status} |`));
    expect(Object.entries(problemCatalog).filter((entry) => !isDocumented(entry))).toEqual([]);
  });

  it('name no problem code that there is not', () => {
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/`(STREAKS_[A-Z_]+)`/g)].map(([, code = '']) => code),
    );
    const settings = new Set([...read('docs/config.md').matchAll(/`(STREAKS_[A-Z_]+)`/g)].map(([, name]) => name));
    expect(named.filter((code) => !(code in problemCatalog) && !settings.has(code))).toEqual([]);
  });

  it('name every fault of a session', () => {
    const codes = membersOf('packages/shared/src/domain/events/faults.ts', 'FaultCode');
    expect(codes.length).toBeGreaterThan(5);
    expect(missingOn('docs/http.md', codes)).toEqual([]);
    expect(missingOn('docs/domain.md', codes)).toEqual([]);
  });

  it('name every reason for which a partition or a shard halts', () => {
    const reasons = [
      ...membersOf('packages/exactly-once/src/assignment/owned-partition.ts', 'HaltReason'),
      ...membersOf('packages/exactly-once/src/publish/mark.ts', 'HaltReason'),
    ];
    expect(reasons.length).toBeGreaterThan(5);
    expect(missingOn('docs/operations.md', reasons)).toEqual([]);
  });

  it('name every reason of a dead letter', () => {
    const ofShards = membersOf('packages/exactly-once/src/publish/mark.ts', 'HaltReason');
    const reasons = [
      ...membersOf('packages/shared/src/contracts/decode-fault.ts', 'DecodeReason'),
      ...namesInCode(/SESSION_CONFLICT = '([A-Z_]+)'/g),
      ...namesInCode(/reason: '([A-Z][A-Z_]+)'/g).filter((name) => !ofShards.includes(name)),
    ];
    expect(reasons).toEqual(expect.arrayContaining(['NULL_VALUE', 'SESSION_CONFLICT', 'REFUSED_BY_STORE']));
    expect(missingOn('docs/producers.md', [...new Set(reasons)])).toEqual([]);
  });

  it('name every change type', () => {
    const types = membersOf('packages/shared/src/domain/streaks/change-type.ts', 'ChangeType');
    expect(types.length).toBeGreaterThan(5);
    expect(missingOn('docs/domain.md', types)).toEqual([]);
  });

  it('name only metrics that there are', () => {
    const code = ['packages', 'services']
      .flatMap((folder) => filesUnder(join(repositoryRoot, folder), '.ts'))
      .map((path) => readFileSync(path, 'utf8').replaceAll(`\${prefix}_`, 'streaks_processor_'))
      .join('');
    const named = [...read('docs/operations.md').matchAll(/`(streaks_(?:processor|ingest|query|http)_[a-z_]+)/g)];
    expect(named.length).toBeGreaterThan(10);
    expect(named.map(([, name = '']) => name).filter((name) => !new RegExp(`['\`]${name}['\`]`).test(code))).toEqual(
      [],
    );
  });

  it('name only commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, name = '']) => name),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
