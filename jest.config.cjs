const common = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [
    '/node_modules/(?!(node-pg-migrate|glob|minimatch|brace-expansion|path-scurry|lru-cache|minipass)/)',
  ],
  moduleNameMapper: {
    '^@streaks/(shared|exactly-once|local-stack|testing|client)/(.*)$': '<rootDir>/packages/$1/src/$2',
    '^@streaks/(ingest|streak-processor|query-api)/(.*)$': '<rootDir>/services/$1/src/$2',
  },
  modulePathIgnorePatterns: ['/dist/', '/\\.local/'],
  roots: ['<rootDir>/packages', '<rootDir>/services', '<rootDir>/e2e', '<rootDir>/bench'],
};

const unit = {
  ...common,
  displayName: 'unit',
  testMatch: ['**/src/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '\\.(integration|e2e)\\.test\\.ts$'],
};
const onServers = {
  ...common,
  globalSetup: '<rootDir>/packages/testing/src/jest-global-setup.ts',
  globalTeardown: '<rootDir>/packages/testing/src/jest-global-teardown.ts',
};

module.exports = {
  projects: [
    unit,
    { ...onServers, displayName: 'integration', testMatch: ['**/src/**/*.integration.test.ts'] },
    { ...onServers, displayName: 'e2e', testMatch: ['**/src/**/*.e2e.test.ts'] },
  ],
};
