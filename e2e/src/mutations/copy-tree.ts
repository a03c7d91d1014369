import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface TreeCopy {
  readonly root: string;
  /** Applies a diff of the repository; false when it does not fit the code any more. */
  apply(patchFile: string): boolean;
  /** Takes a diff back that `apply` put in. */
  revert(patchFile: string): void;
  remove(): void;
}

/**
 * A copy of the working tree (what git knows and what it does not ignore) to break. Dependencies are links to those of
 * the original, but kafkajs is a copy of its own, as some mutations take parts of its patch away.
 */
export function copyTree(original: string): TreeCopy {
  const root = mkdtempSync(join(tmpdir(), 'streaks-mutations-'));
  for (const file of listFiles(original)) {
    if (!existsSync(join(original, file))) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(join(original, file), join(root, file));
  }
  linkDependencies(join(original, 'node_modules'), join(root, 'node_modules'));
  const gitApply = (patchFile: string, ...flags: string[]): void => {
    execFileSync('git', ['apply', '--whitespace=nowarn', ...flags, patchFile], { cwd: root, stdio: 'pipe' });
  };
  return {
    root,
    apply: (patchFile) => {
      try {
        gitApply(patchFile);
        return true;
      } catch {
        return false;
      }
    },
    revert: (patchFile) => gitApply(patchFile, '--reverse'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function listFiles(original: string): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  return execFileSync('git', args, { cwd: original, encoding: 'utf8', maxBuffer: 64_000_000 })
    .split('\0')
    .filter(Boolean);
}

function linkDependencies(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name === 'kafkajs') cpSync(join(from, name), join(to, name), { recursive: true });
    else if (name === '@streaks') linkWorkspaces(join(from, name), join(to, name));
    else symlinkSync(join(from, name), join(to, name));
  }
}

/** The links of npm to our own packages are relative, so the same links in the copy lead to the copy's packages. */
function linkWorkspaces(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) symlinkSync(readlinkSync(join(from, name)), join(to, name));
}
