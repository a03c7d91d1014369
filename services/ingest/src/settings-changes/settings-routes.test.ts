import { validateOrganisationEvent } from '@streaks/shared/contracts/organisation-event-codec';
import { validateUserEvent } from '@streaks/shared/contracts/user-event-codec';
import { type LocalDay, parseIsoDate } from '@streaks/shared/domain/calendar/local-day';
import fc from 'fast-check';
import request from 'supertest';
import { hostileBodies } from '../hostile-bodies.fixture';
import { createTestApp, nowMs } from '../ingest-app.fixture';

const limits = { recordTimeMs: nowMs, maxDurationMs: 604_800_000, maxFutureMs: 300_000 };
const shared = { dailyTargetSeconds: 3_600, dailyCheckInTarget: 2, freeze: { earnEvery: 7, cap: 2 } };
const good = {
  ...shared,
  timezone: 'Asia/Tokyo',
  organisationId: 'acme',
  pauses: [{ from: '2026-08-01', to: '2026-08-14' }],
  leaderboardOptOut: true,
  effectiveFrom: '2026-04-01',
};
const day = (iso: string) => parseIsoDate(iso) as LocalDay;

const put = (app: Parameters<typeof request>[0], path: string, body: unknown, headers: Record<string, string> = {}) =>
  request(app)
    .put(path)
    .set({ 'Content-Type': 'application/json', ...headers })
    .serialize(JSON.stringify)
    .send(body as object);
const faultsOf = (response: { body: { errors?: { field: string; code: string }[] } }) =>
  response.body.errors?.map(({ field, code }) => [field, code]);

// Hundreds of requests, on a machine that may have more to do.
jest.setTimeout(60_000);

describe('PUT /users/{userId}/settings', () => {
  it('publishes the change under the key of the request and answers what it was taken for', async () => {
    const { app, published } = createTestApp();
    const response = await put(app, '/users/ada/settings', good, { 'Idempotency-Key': 'change-7' });
    const told = { changeId: 'change-7', changedAt: '2026-03-10T12:00:00.000Z', effectiveFrom: '2026-04-01' };
    expect([response.status, response.body]).toEqual([202, { userId: 'ada', ...told, status: 'accepted' }]);
    const { effectiveFrom: _from, pauses: _pauses, ...settings } = good;
    expect(published.map(({ event }) => event)).toEqual([
      {
        kind: 'settings',
        userId: 'ada',
        change: {
          changeId: 'change-7',
          changedAtMs: nowMs,
          effectiveFrom: day('2026-04-01'),
          ...settings,
          pauses: [{ first: day('2026-08-01'), last: day('2026-08-14') }],
        },
      },
    ]);
  });

  it.each([
    ['in the time zone of the body', { timezone: 'Pacific/Kiritimati' }, '2026-03-11'],
    ['in UTC without one', { dailyTargetSeconds: 60 }, '2026-03-10'],
    ['in UTC where it goes back to the default', { timezone: null }, '2026-03-10'],
  ])('takes effect today %s', async (_name, body, effectiveFrom) => {
    const { app, published } = createTestApp();
    const response = await put(app, '/users/ada/settings', body);
    expect(response.body).toMatchObject({ changeId: 'made-1', effectiveFrom });
    expect(published[0]?.event).toMatchObject({ change: { effectiveFrom: day(effectiveFrom), ...body } });
  });

  it('tells a setting that stays from one that goes back to its default', async () => {
    const { app, published } = createTestApp();
    const nulls = Object.fromEntries(Object.keys(good).map((field) => [field, null]));
    await put(app, '/users/ada/settings', { ...nulls, effectiveFrom: '2026-03-01' });
    await put(app, '/users/ada/settings', { freeze: null });
    const changes = published.map(({ event }) => (event.kind === 'settings' ? event.change : undefined));
    const made = { changedAtMs: nowMs };
    expect(changes[0]).toEqual({ ...nulls, ...made, changeId: 'made-1', effectiveFrom: day('2026-03-01') });
    expect(changes[1]).toEqual({ freeze: null, ...made, changeId: 'made-2', effectiveFrom: day('2026-03-10') });
  });

  it('names every fault of path, header and body at once', async () => {
    const { app, published } = createTestApp();
    const body = {
      timezone: 'Mars/Olympus',
      dailyTargetSeconds: 86_401,
      dailyCheckInTarget: 1.5,
      organisationId: '',
      freeze: { earnEvery: 0 },
      pauses: [{ from: '2026-08-14', to: '2026-08-01' }, { from: '2026-02-30' }, 7],
      leaderboardOptOut: 'yes',
      effectiveFrom: '2026-13-01',
      theme: 'dark',
    };
    const response = await put(app, '/users/a%20b/settings', body, { 'Idempotency-Key': 'a b' });
    expect(response.status).toBe(400);
    expect(faultsOf(response)).toEqual([
      ['userId', 'INVALID_ID'],
      ['Idempotency-Key', 'INVALID_ID'],
      ['effectiveFrom', 'NOT_A_DATE'],
      ['timezone', 'UNKNOWN_TIMEZONE'],
      ['dailyTargetSeconds', 'OUT_OF_RANGE'],
      ['dailyCheckInTarget', 'OUT_OF_RANGE'],
      ['organisationId', 'INVALID_ID'],
      ['freeze', 'NOT_A_FREEZE_RULE'],
      ['pauses[0].to', 'LAST_BEFORE_FIRST'],
      ['pauses[1].from', 'NOT_A_DATE'],
      ['pauses[1].to', 'NOT_A_DATE'],
      ['pauses[2].from', 'NOT_A_DATE'],
      ['pauses[2].to', 'NOT_A_DATE'],
      ['leaderboardOptOut', 'NOT_A_BOOLEAN'],
      ['theme', 'UNKNOWN_FIELD'],
    ]);
    const [, , , , , , , , order] = response.body.errors;
    expect(order.message).toBe('pauses[0].to must not be before pauses[0].from');
    expect(published).toEqual([]);
  });

  it.each([{}, { effectiveFrom: '2026-03-10' }])('refuses %j, which changes nothing', async (body) => {
    const { app } = createTestApp();
    expect(faultsOf(await put(app, '/users/ada/settings', body))).toEqual([['', 'EMPTY']]);
  });

  it('takes a hundred pauses and no more', async () => {
    const { app } = createTestApp();
    const pauses = Array.from({ length: 101 }, () => ({ from: '2026-08-01', to: '2026-08-14' }));
    expect((await put(app, '/users/ada/settings', { pauses: pauses.slice(1) })).status).toBe(202);
    expect(faultsOf(await put(app, '/users/ada/settings', { pauses }))).toEqual([['pauses', 'TOO_MANY']]);
  });

  it('with Prefer: wait answers 200 once the streaks follow', async () => {
    const { app, control, waits } = createTestApp();
    control.reply = { outcome: 'processed' };
    const response = await put(app, '/users/ada/settings', good, { Prefer: 'wait=4' });
    expect([response.status, response.body.status]).toEqual([200, 'processed']);
    expect(waits).toMatchObject([{ awaited: { userId: 'ada', eventId: 'made-1' }, timeoutMs: 4_000 }]);
  });

  it('publishes only what the processor takes, whatever is sent', async () => {
    const { app, published } = createTestApp();
    await fc.assert(
      fc.asyncProperty(hostileBodies(good), async (body) => {
        published.length = 0;
        const { status, body: answer } = await put(app, '/users/ada/settings', body);
        const [event] = published.map((one) => one.event);
        if (status === 202 && event?.kind === 'settings') expect(validateUserEvent(event, limits)).toBeUndefined();
        else expect([status, published, answer.errors?.length !== 0]).toEqual([400, [], true]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('PUT /organisations/{organisationId}/settings', () => {
  it('publishes to its own topic and never waits', async () => {
    const { app, published, waits } = createTestApp();
    const response = await put(app, '/organisations/acme/settings', shared, { Prefer: 'wait=5' });
    const told = { changeId: 'made-1', changedAt: '2026-03-10T12:00:00.000Z', effectiveFrom: '2026-03-10' };
    expect([response.status, response.body]).toEqual([202, { organisationId: 'acme', ...told, status: 'accepted' }]);
    expect(waits).toEqual([]);
    const change = { changeId: 'made-1', changedAtMs: nowMs, effectiveFrom: day('2026-03-10'), ...shared };
    expect(published.map(({ event }) => event)).toEqual([
      { kind: 'organisation-settings', organisationId: 'acme', change },
    ]);
  });

  it('refuses settings that only users have', async () => {
    const { app } = createTestApp();
    const response = await put(app, '/organisations/a%20b/settings', { timezone: 'UTC', leaderboardOptOut: true });
    expect(faultsOf(response)).toEqual([
      ['organisationId', 'INVALID_ID'],
      ['timezone', 'UNKNOWN_FIELD'],
      ['leaderboardOptOut', 'UNKNOWN_FIELD'],
      ['', 'EMPTY'],
    ]);
  });

  it('publishes only what the processor takes, whatever is sent', async () => {
    const { app, published } = createTestApp();
    await fc.assert(
      fc.asyncProperty(hostileBodies(shared), async (body) => {
        published.length = 0;
        const { status } = await put(app, '/organisations/acme/settings', body);
        const [event] = published.map((one) => one.event);
        if (status === 202 && event?.kind === 'organisation-settings') {
          expect(validateOrganisationEvent(event, limits)).toBeUndefined();
        } else {
          expect([status, published]).toEqual([400, []]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
