import { createHash } from 'node:crypto';
import artifactUrl from 'mvn-artifact-url';
import pinned from './artifact-checksums.json';

/** One file of a Maven repository: `group:artifact:version[:extension[:classifier]]`, its exact length and SHA-256. */
export type PinnedArtifact = { readonly artifact: string; readonly bytes: number; readonly sha256: string };

export type ArtifactSet = {
  readonly name: 'kafka' | 'registry' | 'redis';
  readonly artifacts: readonly PinnedArtifact[];
};

/** The files each server is made of. Written once from Maven's own resolution, less what a broker does not load (Connect, REST, tools). */
export const ARTIFACT_SETS = {
  kafka: { name: 'kafka', artifacts: pinned.kafka },
  registry: { name: 'registry', artifacts: pinned.registry },
  redis: { name: 'redis', artifacts: pinned.redis },
} as const satisfies Record<string, ArtifactSet>;

/** Name of the folder of a set; it changes with any of its files, so an old cache is never mixed with a new list. */
export function folderName(set: ArtifactSet): string {
  const checksums = set.artifacts.map(({ sha256 }) => sha256).join();
  return `${set.name}-${createHash('sha256').update(checksums).digest('hex').slice(0, 12)}`;
}

type Coordinates = { groupId: string; artifactId: string; version: string; extension: string; classifier?: string };

export function parseCoordinates(text: string): Coordinates {
  const [groupId = '', artifactId = '', version = '', extension = 'jar', classifier] = text.split(':');
  return { groupId, artifactId, version, extension, ...(classifier === undefined ? {} : { classifier }) };
}

export function fileName(text: string): string {
  const { artifactId, version, extension, classifier } = parseCoordinates(text);
  return `${artifactId}-${version}${classifier === undefined ? '' : `-${classifier}`}.${extension}`;
}

/** Where to fetch a file. `repositoryUrl` replaces the public repository, as a company's mirror does. */
export function artifactAddress(text: string, repositoryUrl: string | undefined): Promise<string> {
  const base =
    repositoryUrl === undefined || repositoryUrl === '' ? undefined : `${repositoryUrl.replace(/\/+$/, '')}/`;
  return artifactUrl(parseCoordinates(text), base);
}
