import fc from 'fast-check';
import { compareUtf8 } from './utf8-order';

describe('the order of UTF-8 bytes', () => {
  test.each([
    ['a', 'b', -1],
    ['B', 'a', -1],
    ['a', 'aa', -1],
    ['', 'a', -1],
    ['10', '9', -1],
    ['z', 'é', -1],
    ['\uffff', '\u{10000}', -1],
    ['\ue000', '\u{1f600}', -1],
    ['\ud7ff', '\u{10000}', -1],
    ['same', 'same', 0],
  ])('%j to %j is %d', (one, other, expected) => {
    expect(Math.sign(compareUtf8(one, other))).toBe(expected);
    expect(Math.sign(compareUtf8(other, one))).toBe(0 - expected);
  });

  it('is that of Buffer.compare on any well-formed text', () => {
    const unit = fc.oneof(
      fc.constantFrom('a', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{1f600}'),
      fc.string({ unit: 'binary' }),
    );
    const text = fc.array(unit, { maxLength: 4 }).map((units) => units.join(''));
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(Math.sign(compareUtf8(one, other))).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)));
      }),
      { numRuns: 500 },
    );
  });
});
