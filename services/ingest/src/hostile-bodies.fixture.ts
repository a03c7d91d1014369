import fc from 'fast-check';

/** Values that a client has no business to send, of every JSON type, some of them nearly right. */
const hostileValue = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  fc.constantFrom<unknown>(
    '',
    ' ',
    'has space',
    'nul\u0000',
    'x'.repeat(129),
    '\ud800',
    '+05:30',
    'Mars/Olympus',
    '2026-02-30',
    '2026-03-10',
    '2026-03-10T10:00:00',
    '2026-03-10T10:00:00Z',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59Z',
    '__proto__',
    -1,
    0,
    1.5,
    1e308,
    true,
    null,
    [],
    {},
    [{}],
    { earnEvery: 7, cap: 0 },
    [{ from: '2026-03-10', to: '2026-03-09' }],
  ),
);

/** The good body with some of its fields spoiled, taken away or added to; or anything at all that JSON can say. */
export function hostileBodies(good: Readonly<Record<string, unknown>>): fc.Arbitrary<unknown> {
  const names = fc.constantFrom(...Object.keys(good), 'unknown', 'constructor', 'toString', 'type');
  const spoilt = fc
    .array(fc.tuple(names, fc.option(hostileValue, { nil: undefined })), { maxLength: 4 })
    .map((changes) => ({ ...good, ...Object.fromEntries(changes) }));
  return fc.oneof({ weight: 5, arbitrary: spoilt }, hostileValue);
}

/** What an id may be, in ASCII and beyond it. */
export const goodId = fc.oneof(
  fc.stringMatching(/^[!-~]{1,128}$/),
  fc.array(fc.constantFrom('é', '日', '🦊', 'a'), { minLength: 1, maxLength: 128 }).map((parts) => parts.join('')),
);
