import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { waitFor } from '@streaks/testing/wait-for';
import { readMetric } from '../http/read-metric';
import { requestJson } from '../http/request-json';
import { sendRaw } from '../producers/raw-producer';

const MEMBERS = 450; // three pages
const userIds = Array.from({ length: MEMBERS }, (_, number) => `member-${String(number).padStart(3, '0')}`);

/** The engines of organisations and friendships, the evaluation of members and the outputs of another engine, as processes. */
describe('organisations and friendships', () => {
  let pipeline: Pipeline;

  beforeAll(async () => {
    pipeline = await startPipeline({ partitions: 2, queryApi: true, env: { FAILPOINTS: 'J4_NUMBERED@2:kill' } });
  }, 120_000);

  afterAll(() => pipeline?.stop(), 60_000);

  const send = (topic: string, records: readonly { readonly key: string; readonly value: object }[]) =>
    sendRaw(
      pipeline.brokers,
      topic,
      records.map(({ key, value }) => ({ key, value: JSON.stringify(value) })),
    );

  const count = async (query: string): Promise<number> =>
    (await pipeline.pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${query}`)).rows[0]?.count ?? 0;

  const untilCount = (query: string, expected: number, description: string) =>
    waitFor(async () => (await count(query)) === expected, { description, timeoutMs: 60_000 });

  it('a changed target reaches every member once, though the processor is killed inside a page', async () => {
    const now = new Date().toISOString();
    await send(
      pipeline.topic,
      userIds.flatMap((userId) => [
        {
          key: userId,
          value: {
            type: 'SessionCompleted',
            sessionId: 's',
            userId,
            startTime: '2026-11-02T09:00:00Z',
            endTime: '2026-11-02T09:20:00Z', // too short for the default target
            timezone: 'UTC',
          },
        },
        {
          key: userId,
          value: {
            type: 'UserSettingsChanged',
            userId,
            changeId: 'join',
            changedAt: now,
            effectiveFrom: '2026-01-01',
            organisationId: 'acme',
          },
        },
      ]),
    );
    await untilCount('organisation_members', MEMBERS, 'all to be members');
    const [victim] = pipeline.processors;
    await send(pipeline.otherInputTopics.organisations, [
      {
        key: 'acme',
        value: {
          organisationId: 'acme',
          changeId: 'c',
          changedAt: now,
          effectiveFrom: '2026-01-01',
          dailyTargetSeconds: 600,
        },
      },
    ]);
    expect(await victim?.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(await count('reevaluations')).toBe(1);
    expect(await count('user_streaks WHERE qualified_days_count = 1')).toBe(200);

    const processor = await pipeline.addProcessor({ env: { FAILPOINTS: '' } });
    await untilCount('reevaluations', 0, 'the job to be done');
    expect(await count(`user_streaks WHERE rule_id = 'focus' AND qualified_days_count = 1 AND version = 1`)).toBe(
      MEMBERS,
    );
    expect(await count(`streak_history WHERE change_type = 'STREAK_REVISED'`)).toBe(MEMBERS);
    await untilCount(
      'outbox_shard WHERE projected_seq < out_seq OR published_seq < out_seq',
      0,
      'the outputs to follow',
    );
    for (const userId of [userIds[0], userIds[250], userIds[449]]) {
      const { body } = await requestJson(`${pipeline.queryApi?.url}/users/${userId}/streak`);
      expect(body).toMatchObject({ userId, longestStreak: 1, lastQualifiedDate: '2026-11-02' });
    }
    expect(await readMetric(processor, 'streaks_processor_members_evaluated_total')).toBe(250);
    await waitFor(async () => (await readMetric(processor, 'streaks_processor_reevaluations_waiting')) === 0, {
      description: 'the gauge to follow',
    });
  }, 150_000);

  it('a friendship is stored once, and a record that is none is published as a dead letter', async () => {
    const changedAt = new Date().toISOString();
    await send(pipeline.otherInputTopics.friendships, [
      { key: 'ada', value: { type: 'FriendAdded', userId: 'ada', friendId: 'bob', changedAt } },
      { key: 'bob', value: { type: 'FriendAdded', userId: 'bob', friendId: 'ada', changedAt } },
      { key: 'eve', value: { type: 'FriendAdded', userId: 'eve', friendId: 'eve', changedAt } },
    ]);
    await untilCount('friendships WHERE is_friend', 1, 'the friendship');
    await untilCount(`dead_letters WHERE reason = 'INVALID_FRIENDSHIP' AND user_id = 'eve'`, 1, 'the dead letter');
    await untilCount(
      'outbox_shard WHERE projected_seq < out_seq OR published_seq < out_seq',
      0,
      'the outputs to follow',
    );
    const [processor] = pipeline.processors;
    expect(
      await readMetric(processor ?? { url: '' }, 'streaks_processor_dead_letters_total', {
        topic: pipeline.otherInputTopics.friendships,
        reason: 'INVALID_FRIENDSHIP',
      }),
    ).toBe(1);
    const { status, body } = await requestJson(`${processor?.url}/health/ready`);
    expect({ status, body }).toMatchObject({ status: 200, body: { checks: { partitions: 'up' } } });
    expect(await processor?.stop()).toEqual({ code: 0, signal: null });
  }, 120_000);
});
