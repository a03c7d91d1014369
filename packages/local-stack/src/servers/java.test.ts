import { mkdtempSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJava, parseJavaVersion } from './java';

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "21" 2023-09-19', 21],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "25-ea" 2025-09-16', 25],
  ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "11.0.2" 2019-01-15', 11],
  ['no such thing', null],
])('%j is Java %s', (output, version) => {
  expect(parseJavaVersion(output)).toBe(version);
});

async function javaHomePrinting(text: string): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'streaks-java-'));
  await mkdir(join(home, 'bin'));
  writeFileSync(join(home, 'bin', 'java'), `#!/bin/sh\necho '${text}' >&2\n`, { mode: 0o755 });
  return home;
}

test('an old Java is named with its version', async () => {
  const home = await javaHomePrinting('openjdk version "11.0.2" 2019-01-15');
  await expect(findJava({ JAVA_HOME: home })).rejects.toThrow(/^Wrong Java: .* is version 11\. Install/);
});

test('no Java at all is one line that says what to do', async () => {
  await expect(findJava({ PATH: '/nowhere' })).rejects.toThrow(/^No Java: java does not run\. Install a Java 17/);
});

test('JAVA_HOME comes before PATH', async () => {
  const home = await javaHomePrinting('openjdk version "21.0.1" 2023-10-17');
  expect(await findJava({ JAVA_HOME: home, PATH: process.env['PATH'] })).toBe(join(home, 'bin', 'java'));
});
