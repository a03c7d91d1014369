import { defineCursor } from './cursors';

interface List {
  readonly ruleId: string;
  readonly cursor?: string;
}

const cursor = defineCursor({
  scopeOf: ({ ruleId }: List) => ['history', ruleId],
  isPosition: (value: unknown): value is number => Number.isSafeInteger(value),
});

const list: List = { ruleId: 'focus' };
const encoded = cursor.encode(list, 12);

describe('defineCursor', () => {
  it('gives back the position that it encoded, and none without a cursor', () => {
    expect(cursor.decode({ ...list, cursor: encoded })).toBe(12);
    expect(cursor.decode(list)).toBeUndefined();
  });

  it('is text that needs no escaping in a query', () => {
    expect(encoded).toMatch(/^[\w-]+$/);
  });

  const craft = (parts: unknown): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
  it.each([
    ['of another list', { ruleId: 'activity', cursor: encoded }],
    ['with a position of another kind', { ...list, cursor: craft(['history', 'focus', '12']) }],
    ['with more parts', { ...list, cursor: craft(['history', 'focus', 'x', 12]) }],
    ['that was tampered with', { ...list, cursor: `${encoded.slice(0, -1)}_` }],
    ['in another spelling of base64', { ...list, cursor: `${encoded}=` }],
    ['that is no JSON', { ...list, cursor: 'x' }],
    ['that is JSON of another shape', { ...list, cursor: craft({ length: 1 }) }],
    ['that is empty', { ...list, cursor: '' }],
  ])('knows nothing of a cursor %s, and refuses it', (_name, query) => {
    expect(cursor.decode(query)).toBeUndefined();
    const issues: unknown[] = [];
    cursor.check(query, { addIssue: (issue: unknown) => issues.push(issue) } as never);
    expect(issues).toEqual([
      expect.objectContaining({ path: ['cursor'], message: expect.stringMatching(/^INVALID_CURSOR /) }),
    ]);
  });
});
