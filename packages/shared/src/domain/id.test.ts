import { ID_PATTERN, isValidId, MAX_ID_LENGTH } from './id';

describe('isValidId', () => {
  it.each(['a', 'A/b?c%{}"', '界', 'é', '\u{1f98a}', 'x'.repeat(MAX_ID_LENGTH), '\u{1f98a}'.repeat(MAX_ID_LENGTH)])(
    'takes %s',
    (text) => expect(isValidId(text)).toBe(true),
  );

  it.each([
    '',
    'a b',
    'a\tb',
    '\u0000',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\ud800',
    'x'.repeat(MAX_ID_LENGTH + 1),
    '\u{1f98a}'.repeat(MAX_ID_LENGTH + 1),
  ])('refuses %j', (text) => expect(isValidId(text)).toBe(false));
});

describe('ID_PATTERN', () => {
  it('lets every character through that an id may have, and no other', () => {
    const pattern = new RegExp(ID_PATTERN, 'u');
    const differing: number[] = [];
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const isSurrogate = code >= 0xd800 && code <= 0xdfff;
      const text = String.fromCodePoint(code);
      if (!isSurrogate && pattern.test(text) !== isValidId(text)) differing.push(code);
    }
    expect(differing).toEqual([]);
  });
});
