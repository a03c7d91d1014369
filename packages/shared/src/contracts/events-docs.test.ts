import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@streaks/testing/repository';
import { LAST_INSTANT_MS } from '../domain/calendar/instant';
import type { Faulty } from './decode-fault';
import { createFriendshipEventDecoder, validateFriendshipEvent } from './friendship-event-codec';
import { createOrganisationEventDecoder, validateOrganisationEvent } from './organisation-event-codec';
import { createUserEventDecoder, validateUserEvent } from './user-event-codec';

const registry = { getSchema: () => Promise.reject(new Error('JSON alone')) };
const options = { now: () => 0 };
const limits = { recordTimeMs: LAST_INSTANT_MS, maxDurationMs: 7 * 86_400_000, maxFutureMs: 0 };
const decoders = {
  users: createUserEventDecoder(registry, options),
  organisations: createOrganisationEventDecoder(registry, options),
  friendships: createFriendshipEventDecoder(registry, options),
};

const page = readFileSync(join(repositoryRoot, 'docs/producers.md'), 'utf8');
const examples = [...page.matchAll(/^([a-z]+)\|(\{.*\})$/gm)].map(([, key = '', value = '']) => ({ key, value }));

/** What the processor makes of the example: nothing that is wrong with it, or why it is no event. */
function judge(key: string, value: string): unknown {
  const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)];
  const faultOf = <Event extends { readonly keyMismatch: boolean }>(
    outcome: Event | Faulty,
    validate: (event: Event) => unknown,
  ): unknown => ('fault' in outcome ? outcome.fault : (validate(outcome) ?? outcome.keyMismatch));
  if (value.includes('"OrganisationSettingsChanged"')) {
    const outcome = decoders.organisations.decode(valueBytes, keyBytes);
    return faultOf(outcome, (event) => validateOrganisationEvent(event, limits));
  }
  if (value.includes('"Friend')) {
    const outcome = decoders.friendships.decode(valueBytes, keyBytes);
    return faultOf(outcome, (event) => validateFriendshipEvent(event, limits));
  }
  return faultOf(decoders.users.decode(valueBytes, keyBytes), (event) => validateUserEvent(event, limits));
}

it.each(examples)('docs/producers.md: $value is an event of its key', ({ key, value }) => {
  expect(judge(key, value)).toBe(false);
});

it('docs/producers.md has an example of every record', () => {
  const named = examples.map(({ value }) => (JSON.parse(value) as { type?: string }).type ?? 'SessionCompleted');
  expect(named.sort()).toEqual([
    'CheckInRecorded',
    'FriendAdded',
    'FriendRemoved',
    'OrganisationSettingsChanged',
    'SessionCompleted',
    'SessionRetracted',
    'UserErased',
    'UserSettingsChanged',
  ]);
});
