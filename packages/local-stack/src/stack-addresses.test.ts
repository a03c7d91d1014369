import { execFileSync } from 'node:child_process';
import { addressesFromEnvironment, formatStackEnv, parseStackEnv, withBlanks } from './stack-addresses';

const addresses = {
  kafkaBrokers: '127.0.0.1:9092,127.0.0.1:9094',
  schemaRegistryUrl: 'http://127.0.0.1:8081/apis/ccompat/v7',
  databaseUrl: "postgres://streaks:it's $HOME `x`@127.0.0.1:5432/streaks",
  redisUrl: 'redis://127.0.0.1:6379',
};

test('stack.env gives back the addresses that were written', () => {
  expect(parseStackEnv(formatStackEnv(addresses))).toEqual(addresses);
});

test('a shell that sources stack.env sees the same text, whatever characters are in it', () => {
  const script = `${formatStackEnv(addresses)}printf %s "$DATABASE_URL"`;
  expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(addresses.databaseUrl);
});

test('a server without an address is left out of stack.env', () => {
  const text = formatStackEnv(withBlanks({ redisUrl: addresses.redisUrl }));
  expect(text).toBe(`export REDIS_URL='${addresses.redisUrl}'\n`);
});

test('foreign and broken lines of stack.env are passed over', () => {
  expect(parseStackEnv("# note\nexport PATH='/bin'\nREDIS_URL=x\nexport REDIS_URL='redis://a'\n")).toEqual({
    redisUrl: 'redis://a',
  });
});

test('an empty address in the environment counts as none', () => {
  expect(addressesFromEnvironment({ KAFKA_BROKERS: ' ', REDIS_URL: 'redis://a' })).toEqual({ redisUrl: 'redis://a' });
});
