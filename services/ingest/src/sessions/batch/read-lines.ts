/** One line without its line end; `undefined` stands for one that was longer than allowed. */
export type Line = Buffer | undefined;

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Splits a stream of bytes into lines, yielding those that each chunk completes. Blank lines are left out. Memory is
 * bounded by a chunk and a line: of a line over the limit nothing is kept while its end is looked for.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<readonly Line[]> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let isTooLong = false;

  const keep = (part: Buffer) => {
    partBytes += part.length;
    isTooLong ||= partBytes > maxLineBytes;
    if (isTooLong) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const finish = (lines: Line[]) => {
    if (isTooLong) lines.push(undefined);
    else {
      const line = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      if (!isBlank(line)) lines.push(line);
    }
    parts = [];
    partBytes = 0;
    isTooLong = false;
  };

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      keep(chunk.subarray(start, end));
      finish(lines);
      start = end + 1;
    }
    keep(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  const last: Line[] = [];
  finish(last);
  if (last.length > 0) yield last;
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== carriageReturn) return false;
  return true;
}
