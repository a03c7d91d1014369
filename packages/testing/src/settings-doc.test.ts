import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoSettings } from '@streaks/ingest/demo/demo-settings';
import { ingestSettings } from '@streaks/ingest/settings';
import { settings as queryApiSettings } from '@streaks/query-api/settings';
import {
  type DocumentedSetting,
  renderSettingsDoc,
  type SettingsSection,
} from '@streaks/shared/config/render-settings-doc';
import { operatorSettings } from '@streaks/streak-processor/operations/settings';
import { settings as processorSettings } from '@streaks/streak-processor/settings';
import { repositoryRoot } from './repository';

const docPath = join(repositoryRoot, 'docs/config.md');

const introduction = `Every setting is an environment variable. A service reads them once at its start, reports all faults together, one line
each, and does not start with a fault. A variable that is empty counts as absent.

This page is generated from the definitions in the code: \`UPDATE_DOCS=1 npx jest --selectProjects unit settings-doc\` writes it,
and the same test fails while it differs.`;

const optional = (description: string, fallback: string): DocumentedSetting => ({
  description,
  withoutDefault: fallback,
});

/** What is read outside of the services: the local stack, tests and tools. These have no definition, so a scan of the code holds the list complete. */
const toolSettings: Readonly<Record<string, DocumentedSetting>> = {
  STREAKS_LOCAL_DIR: optional(
    'Folder for the data, logs and addresses of the local stack.',
    '`.local` in the repository',
  ),
  STREAKS_CACHE_DIR: optional('Folder for downloaded servers.', "`XDG_CACHE_HOME`, else the user's cache folder"),
  XDG_CACHE_HOME: optional('Where caches belong, by the XDG convention.', '-'),
  STREAKS_KAFKA_PORT: { description: 'Port of Kafka in the local stack.', default: '9092' },
  STREAKS_REGISTRY_PORT: { description: 'Port of the schema registry in the local stack.', default: '8081' },
  STREAKS_POSTGRES_PORT: { description: 'Port of Postgres in the local stack.', default: '5432' },
  STREAKS_REDIS_PORT: { description: 'Port of Redis in the local stack.', default: '6379' },
  STREAKS_INGEST_PORT: { description: 'Port of ingest under `npm start`.', default: '3001' },
  STREAKS_QUERY_API_PORT: { description: 'Port of query-api under `npm start`.', default: '3002' },
  STREAKS_PROCESSOR_PORT: { description: 'Port of streak-processor under `npm start`.', default: '3003' },
  JAVA_HOME: optional('Java that runs Kafka and the registry.', '`java` of the PATH'),
  MAVEN_REPOSITORY_URL: optional('Mirror of Maven Central that servers are downloaded from.', 'Maven Central'),
  STREAKS_TEST_STACK_DIR: optional('Folder of a running local stack for the tests to use.', 'servers of their own'),
  TEST_LOG_LEVEL: { description: 'Log level of the engine in its tests.', default: 'silent' },
  UPDATE_DOCS: optional('1 writes this page instead of comparing it.', '-'),
};

const sections: readonly SettingsSection[] = [
  { title: 'ingest', introduction: 'Takes sessions over HTTP and publishes them to Kafka.', settings: ingestSettings },
  {
    title: 'streak-processor',
    introduction: 'Applies sessions to Postgres and Redis. The migrations read `DATABASE_URL` too.',
    settings: processorSettings,
  },
  { title: 'query-api', introduction: 'Answers what a streak is.', settings: queryApiSettings },
  {
    title: "Operators' commands",
    introduction:
      '`npm run partitions` and `npm run dead-letters`; all but the role as the processors have them. [More](operations.md#operators-commands).',
    settings: operatorSettings,
  },
  {
    title: 'Demo',
    introduction: '`services/ingest/dist/demo-main.js`, run once by `npm start`.',
    settings: demoSettings,
  },
  {
    title: 'Local stack, tests and tools',
    introduction:
      'Servers whose address is given (`KAFKA_BROKERS`, `SCHEMA_REGISTRY_URL`, `DATABASE_URL`, `REDIS_URL`) are used, not started.',
    settings: toolSettings,
  },
];

/** Variables that belong to the system or to a tool we call. */
const notOurs = new Set(['PATH', 'HOME', 'NODE_ENV', 'NODE_OPTIONS', 'DEBIAN_FRONTEND']);

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|\..*)$/.test(entry.name) ? [] : sourceFiles(path);
    return /\.(ts|mjs|cjs)$/.test(entry.name) ? [path] : [];
  });
}

describe('docs/config.md', () => {
  it('says what the code says', () => {
    const expected = renderSettingsDoc(introduction, sections);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(docPath, expected);
    expect(readFileSync(docPath, 'utf8')).toBe(expected);
  });

  it('lists every environment variable that is read anywhere', () => {
    const documented = new Set(sections.flatMap(({ settings }) => Object.keys(settings)));
    const read = ['packages', 'services', 'bench', 'e2e', 'scripts']
      .flatMap((folder) => sourceFiles(join(repositoryRoot, folder)))
      .flatMap((path) => [
        ...readFileSync(path, 'utf8').matchAll(/\benv(?:\.([A-Z][A-Z0-9_]*)|\[['"]([A-Z][A-Z0-9_]*)['"]\])/g),
      ])
      .map((found) => found[1] ?? found[2] ?? '');
    expect(read.length).toBeGreaterThan(5);
    expect([...new Set(read)].filter((name) => !documented.has(name) && !notOurs.has(name))).toEqual([]);
  });
});
