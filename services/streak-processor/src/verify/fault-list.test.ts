import { createFaultList } from './fault-list';

describe('createFaultList', () => {
  it('counts all and keeps a few examples of each kind', () => {
    const faults = createFaultList();
    for (let index = 0; index < 1_000; index += 1) faults.add('many', `number ${index}`);
    faults.add('one', 'it');
    expect(faults.count()).toBe(1_001);
    expect(faults.lines()).toHaveLength(6);
    expect(faults.lines()[0]).toBe('many (1000): number 0');
  });
});
