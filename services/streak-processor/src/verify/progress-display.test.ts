import { createLines } from './progress-display';

test('without a terminal each step is a line at its start and at its end', () => {
  const lines: string[] = [];
  const display = createLines((line) => lines.push(line));
  display.step('replay', 10);
  display.at(4);
  display.at(12, 12);
  display.step('compare', 3);
  display.close();
  display.close();
  expect(lines).toEqual(['replay: 10 to do', 'replay: 12 done', 'compare: 3 to do', 'compare: 0 done']);
});
