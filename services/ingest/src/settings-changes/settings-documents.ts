import { idField } from '@streaks/shared/contracts/json-fields';
import { z } from 'zod';

export const idempotencyHeaders = z.object({
  'Idempotency-Key': idField(
    'Id of the change. Give it again with a repeat; one is made where none is given',
    'change-1',
  ).optional(),
});

/** What answers tell of a change of settings. */
export const changeMembers = {
  changeId: z.string(),
  changedAt: z.iso.datetime().meta({ description: 'The time of the request: of two changes the later one counts' }),
  effectiveFrom: z.iso.date(),
};
