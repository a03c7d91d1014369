import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, run, runTool } from './run.mjs';

const LOCK = join(ROOT, '.local', 'install.lock');
const PATCH_MARK = join('node_modules', '.streaks-patches');

/** Installs the packages when they are not those of package-lock.json, and applies the patches in `patches/` to them. */
export async function preparePackages() {
  if (isInstalled() && arePatchesApplied()) return;
  await withLock(async () => {
    if (!isInstalled()) await install();
    if (!arePatchesApplied()) await applyPatches();
  });
}

/**
 * True when npm's own list of what is in node_modules has every package of package-lock.json in the same version. npm writes that list last, so an
 * install that was cut off does not count. Packages for other platforms are optional and may be missing.
 */
export function isInstalled(root = ROOT) {
  const installedList = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedList)) return false;
  const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(locked)
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, { version, integrity, link, optional }]) => {
      const found = installed[path];
      if (found === undefined) return optional === true;
      return link === true || (found.version === version && found.integrity === integrity);
    });
}

async function install() {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log('Installing packages (npm ci)...');
  // Without a terminal npm shows nothing until it is done.
  const pulse = setInterval(() => {
    if (!process.stdout.isTTY) console.log(`  installing, ${seconds()} s`);
  }, 10_000);
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', ...(process.stdout.isTTY ? ['--progress'] : [])];
  let exitCode = await run('npm', ['ci', ...flags]);
  if (exitCode !== 0 && exitCode < 128) {
    // npm writes lock files without packages of other platforms, and then refuses them: scripts/complete-lock.mjs is the cure.
    console.log('npm ci did not work; installing with npm install, which leaves package-lock.json as it is...');
    exitCode = await run('npm', ['install', '--no-save', ...flags]);
  }
  clearInterval(pulse);
  if (exitCode >= 128) process.exit(exitCode);
  if (exitCode !== 0)
    throw new Error(`npm could not install the packages (exit code ${exitCode}); its messages are above.`);
  console.log(`Packages installed in ${seconds()} s.`);
}

function arePatchesApplied() {
  const mark = join(ROOT, PATCH_MARK);
  return existsSync(mark) && readFileSync(mark, 'utf8') === describePatches();
}

/**
 * npm may hold back install scripts, so patch-package is called here and not from one. Applying a patch that is in force does nothing; one that
 * changed does not apply on top of its former self, so its package is installed anew then.
 */
async function applyPatches() {
  let result = await patchPackage();
  if (result.exitCode !== 0) {
    for (const name of patchedPackages()) rmSync(join(ROOT, 'node_modules', name), { recursive: true, force: true });
    console.log(`Installing again, for its new patch: ${patchedPackages().join(', ')}...`);
    await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
    result = await patchPackage();
  }
  if (result.exitCode !== 0)
    throw new Error(
      `${result.output.trim()}\nThe patches in patches/ do not apply: remove node_modules and run this again.`,
    );
  writeFileSync(join(ROOT, PATCH_MARK), describePatches());
}

async function patchPackage() {
  let output = '';
  const exitCode = await runTool('patch-package', ['--error-on-fail'], {
    onOutput: (text) => {
      output += text;
    },
  });
  return { exitCode, output };
}

/** Changes with any patch, and whenever npm writes a patched package anew, which undoes its patch. */
function describePatches() {
  const folders = patchedPackages().map(
    (name) => statSync(join(ROOT, 'node_modules', name), { throwIfNoEntry: false })?.ino,
  );
  const texts = patchNames().map((name) => readFileSync(join(ROOT, 'patches', name), 'utf8'));
  return createHash('sha256')
    .update(JSON.stringify([patchNames(), texts, folders]))
    .digest('hex');
}

function patchedPackages() {
  return patchNames().map((name) => name.slice(0, name.lastIndexOf('+')).replaceAll('+', '/'));
}

function patchNames() {
  const folder = join(ROOT, 'patches');
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.patch'))
        .sort()
    : [];
}

/** One install at a time in this checkout; a lock whose holder is gone does not count. */
async function withLock(work) {
  mkdirSync(dirname(LOCK), { recursive: true });
  let isTold = false;
  while (!tryLock()) {
    if (!isTold) console.log('Waiting for another command that is installing packages here...');
    isTold = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  try {
    return await work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function tryLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isHeld()) rmSync(LOCK, { force: true });
    return false;
  }
}

function isHeld() {
  try {
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
