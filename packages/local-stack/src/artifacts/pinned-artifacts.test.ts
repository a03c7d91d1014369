import { ARTIFACT_SETS, artifactAddress, fileName, folderName } from './pinned-artifacts';

test('every pinned file has coordinates, a length and a SHA-256', () => {
  const artifacts = Object.values(ARTIFACT_SETS).flatMap((set) => [...set.artifacts]);
  expect(artifacts.length).toBeGreaterThan(40);
  for (const { artifact, bytes, sha256 } of artifacts) {
    expect(artifact).toMatch(/^[\w.-]+:[\w.-]+:[\w.-]+(:[\w.]+:\w+)?$/);
    expect(bytes).toBeGreaterThan(0);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  }
});

test('file names follow the layout of a Maven repository, classifier and extension included', () => {
  expect(fileName('a.b:c:1.0')).toBe('c-1.0.jar');
  expect(fileName('a.b:c:1.0:tar.gz:all')).toBe('c-1.0-all.tar.gz');
});

test.each(['http://mirror/maven', 'http://mirror/maven/'])(
  'a mirror takes the place of the public repository (%s)',
  async (mirror) => {
    expect(await artifactAddress('a.b:c:1.0:tar.gz:all', mirror)).toBe(
      'http://mirror/maven/a/b/c/1.0/c-1.0-all.tar.gz',
    );
  },
);

test('a set with another checksum has another folder', () => {
  const set = ARTIFACT_SETS.redis;
  const changed = { ...set, artifacts: set.artifacts.map((artifact) => ({ ...artifact, sha256: '0'.repeat(64) })) };
  expect(folderName(changed)).not.toBe(folderName(set));
});
