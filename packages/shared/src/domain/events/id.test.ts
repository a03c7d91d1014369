import fc from 'fast-check';
import { isValidId } from './id';

describe('ids', () => {
  test.each([
    ['one character', 'a'],
    ['a UUID', '0194e2a5-9d1f-7c3a-8b42-5f0d6a1c9e77'],
    ['a number as text', '42'],
    ['punctuation', '{"$ne":null}'],
    ['128 letters', 'a'.repeat(128)],
    ['128 letters of two bytes', 'é'.repeat(128)],
    ['128 characters outside the basic plane', '\u{1f600}'.repeat(128)],
    ['a property of objects', '__proto__'],
    ['a combining accent', 'e\u0301'],
  ])('may be %s', (_, text) => {
    expect(isValidId(text)).toBe(true);
  });

  test.each([
    ['empty', ''],
    ['129 letters', 'a'.repeat(129)],
    ['129 letters of two bytes', 'é'.repeat(129)],
    ['129 characters outside the basic plane', '\u{1f600}'.repeat(129)],
    ['a null character', 'a\u0000b'],
    ['a tab', 'a\tb'],
    ['a line feed at its end', 'a\n'],
    ['a space', 'a b'],
    ['delete', 'a\u007f'],
    ['a control character of Latin-1', 'a\u0085'],
    ['a space that does not break', 'a\u00a0b'],
    ['a wide space', 'é\u3000'],
    ['a line separator', 'a\u2028'],
    ['half a pair, first', 'a\ud83d'],
    ['half a pair, second', '\ude00a'],
    ['a pair the wrong way round', '\ude00\ud83d'],
  ])('may not be or hold %s', (_, text) => {
    expect(isValidId(text)).toBe(false);
  });

  it('are those without a single refused character, on any text', () => {
    const isRefused = (character: string): boolean =>
      /^\p{Cc}$/u.test(character) || /^\p{White_Space}$/u.test(character) || /^\p{Surrogate}$/u.test(character);
    const anyText = fc
      .array(
        fc.oneof(
          fc.constant('a'),
          fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
        ),
      )
      .map((units) => units.join(''));
    fc.assert(
      fc.property(anyText, (text) => {
        const characters = Array.from(text);
        const expected = characters.length >= 1 && characters.length <= 128 && !characters.some(isRefused);
        expect(isValidId(text)).toBe(expected);
      }),
    );
  });
});
