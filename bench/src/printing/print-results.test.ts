import { formatMarkdown, formatTable, ms, percent, perSecond } from './print-results';

describe('printed results', () => {
  it('are aligned, and a short row is no fault', () => {
    expect(
      formatTable('Title', [
        ['a', '1', 'x'],
        ['long', '22'],
      ]),
    ).toBe('Title\n  a     1   x\n  long  22');
  });

  it('become a Markdown table', () => {
    expect(formatMarkdown(['what', 'figure'], [['a', '1']])).toBe('| what | figure |\n| --- | --- |\n| a | 1 |');
  });

  it('have units', () => {
    expect([perSecond(61_234.5), ms(1.25), percent(0.123)]).toEqual(['61,235/s', '1.3 ms', '12.3 %']);
  });
});
