import { decodeRecordBody } from '@streaks/testing/decode-record-body';
import fc from 'fast-check';
import { createRecordBodyEncoder, recordBodyKey } from './record-body';

const bytes = fc.uint8Array({ maxLength: 9_000 }).map((array) => Buffer.from(array));
const header = fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));

it('key, value and headers of a record come out as they went in, repeated names among them', () => {
  const encode = createRecordBodyEncoder();
  fc.assert(
    fc.property(
      fc.option(fc.string({ unit: 'grapheme', maxLength: 200 })),
      fc.option(bytes),
      fc.array(header),
      (key, value, headers) => {
        const body = encode(key, value, headers.flat());
        expect(decodeRecordBody(body)).toEqual({ key, value, headers });
        expect(recordBodyKey(body)).toBe(key === null ? null : Buffer.from(key).toString('latin1'));
      },
    ),
  );
});
