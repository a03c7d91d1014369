import { identify, isAlive, parseStartTime } from './process-identity';

const fields = (state: string): string => `${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21`;

test('the start time is found behind a command that holds spaces and brackets', () => {
  expect(parseStartTime(`42 (a (b) c) ${fields('S')}`)).toBe('777');
});

test('a zombie counts as gone', () => {
  expect(parseStartTime(`42 (x) ${fields('Z')}`)).toBeNull();
});

test('a process is known again, and another with its number is not taken for it', () => {
  const self = identify(process.pid);
  if (self === null) throw new Error('this process is not found');
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ ...self, startedAt: 'another time' })).toBe(false);
});
