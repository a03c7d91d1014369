import { isTzdataAtLeast, MIN_TZDATA_VERSION, requireTzdata } from './tzdata';

describe('releases of the time zone database', () => {
  test.each([
    ['2023c', '2023c', true],
    ['2023d', '2023c', true],
    ['2023b', '2023c', false],
    ['2022g', '2023c', false],
    ['2025a', '2023c', true],
    ['2023za', '2023z', true],
    ['2023z', '2023za', false],
    ['', '2023c', false],
    ['2025', '2023c', false],
    ['unknown', '2023c', false],
    ['2025a', 'unknown', false],
  ])('%j is at least %j: %s', (version, minimum, expected) => {
    expect(isTzdataAtLeast(version, minimum)).toBe(expected);
  });

  it('this Node carries one that is new enough', () => {
    expect(isTzdataAtLeast(process.versions['tz'] ?? '', MIN_TZDATA_VERSION)).toBe(true);
  });
});

it('names the release that is too old', () => {
  expect(requireTzdata('2025c')).toBe('2025c');
  expect(() => requireTzdata('2023b')).toThrow('is 2023b: 2023c or newer is needed');
  expect(() => requireTzdata(undefined)).toThrow('is missing');
});
