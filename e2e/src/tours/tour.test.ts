import { findSection, likeExpected, onlyReads, parseTour, replaceAddresses } from './tour';

const fenced = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\``;

describe('a tour', () => {
  it('has the commands of its section alone, each with the output under it', () => {
    const readme = [
      '# Name',
      fenced('sh', 'npm start'),
      '## A five-minute tour',
      fenced('sh', 'one'),
      fenced('json', '{}'),
      fenced('sh', 'two'),
      fenced('sh', 'three'),
      fenced('', '3'),
      '## After',
      fenced('sh', 'four'),
    ].join('\n');
    expect(parseTour(findSection(readme, 'A five-minute tour'))).toEqual([
      { command: 'one', expected: '{}' },
      { command: 'two', expected: '' },
      { command: 'three', expected: '3' },
    ]);
  });

  it('refuses an output that belongs to no command', () => {
    expect(() => parseTour(fenced('json', '{}'))).toThrow('without a command');
  });

  it('refuses a section that is not there', () => {
    expect(() => findSection('# Name\n## Another\n', 'A five-minute tour')).toThrow('no section "A five-minute tour"');
  });
});

describe('likeExpected', () => {
  it.each([
    ['the same', '{"a":1}\n', '{"a":1}'],
    ['another value where it may vary', '{"id":"5c1","a":1}', '{"id":"…","a":1}'],
  ])('takes %s', (_name, actual, expected) => {
    expect(likeExpected(actual, expected)).toBe(expected);
  });

  it.each([
    ['another value', '{"a":2}', '{"a":1}'],
    ['more lines', '{"a":1}\n{"a":1}', '{"a":1}'],
    ['a line more in the place of what varies', 'x\ny', '…'],
    ['a character that means something in a pattern', '{"a":1x}', '{"a":1.}'],
    ['no output', '', '{"a":1}'],
  ])('shows %s', (_name, actual, expected) => {
    expect(likeExpected(actual, expected)).toBe(actual);
  });
});

it('replaces addresses and repeats only what asks', () => {
  const publish = 'curl http://127.0.0.1:3001/sessions -d x';
  expect(replaceAddresses(publish, { '127.0.0.1:3001': '127.0.0.1:40001' })).toBe(
    'curl http://127.0.0.1:40001/sessions -d x',
  );
  expect(onlyReads(publish)).toBe(false);
  expect(onlyReads('echo x | kcat -P')).toBe(false);
  expect(onlyReads('curl http://127.0.0.1:3002/users/a/streak')).toBe(true);
});
