import { parseSettings } from '@streaks/shared/config/define-settings';
import { settings } from '../settings';
import { inputTopics, outputOf } from './configured-topics';

const configure = (env: Readonly<Record<string, string>>) =>
  parseSettings(settings, { DATABASE_URL: 'postgres://streaks@127.0.0.1/streaks', ...env });

it('takes names, partitions and replicas of the topics from the settings', () => {
  const config = configure({
    SESSION_EVENTS_TOPIC: 'sessions',
    ORGANISATION_EVENTS_PARTITIONS: '2',
    FRIENDSHIP_EVENTS_TOPIC: 'friends',
    KAFKA_REPLICATION_FACTOR: '3',
    OUTBOX_SHARDS: '5',
  });
  expect(inputTopics(config)).toMatchObject([
    { topic: 'sessions', partitions: 12, replicationFactor: 3 },
    { topic: 'organisation-events', partitions: 2, replicationFactor: 3 },
    { topic: 'friends', partitions: 12, replicationFactor: 3 },
  ]);
  expect(outputOf(config)).toEqual({
    streakChanges: 'streak-changes',
    userStreaks: 'user-streaks',
    deadLetters: 'dead-letters',
    shardCount: 5,
    replicationFactor: 3,
  });
  expect(outputOf(configure({ PUBLISH: '0' }))).toBeUndefined();
});
