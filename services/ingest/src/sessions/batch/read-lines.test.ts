import fc from 'fast-check';
import { readLines } from './read-lines';

async function split(
  text: string,
  chunkBytes: readonly number[],
  maxLineBytes: number,
): Promise<(string | undefined)[]> {
  const bytes = Buffer.from(text);
  async function* chunks() {
    let at = 0;
    for (const size of chunkBytes) {
      yield bytes.subarray(at, at + size);
      at += size;
    }
    yield bytes.subarray(at);
  }
  const lines: (string | undefined)[] = [];
  for await (const some of readLines(chunks(), maxLineBytes)) lines.push(...some.map((line) => line?.toString('utf8')));
  return lines;
}

describe('readLines', () => {
  it('gives the lines whatever way the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '𝛼', ' ', '\r', '\n') }), { maxLength: 8 }),
        fc.array(fc.nat(6), { maxLength: 20 }),
        async (parts, cuts) => {
          const text = parts.join('\n');
          const expected = text
            .split('\n')
            .filter((line) => /[^ \t\r]/.test(line))
            .map((line) => (Buffer.byteLength(line) > 12 ? undefined : line));
          // A blank line over the limit is too long before it is known to be blank.
          fc.pre(text.split('\n').every((line) => /[^ \t\r]/.test(line) || Buffer.byteLength(line) <= 12));
          expect(await split(text, cuts, 12)).toEqual(expected);
        },
      ),
    );
  });
});
