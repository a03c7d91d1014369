import { type DataSet, type DataSetShape, STANDARD_SHAPE } from '../data-set/generate-data-set';
import { TWENTY_YEARS, withLongHistory } from '../data-set/long-history';

export interface GrowthCase {
  readonly label: string;
  readonly shape: DataSetShape;
  /** Users that have a row everywhere before it begins, so that the size of the tables grows and not the share of new rows. */
  readonly prefilledUsers?: number;
  readonly change?: (dataSet: DataSet) => DataSet;
}

export interface GrowthSeries {
  readonly name: string;
  readonly cases: readonly GrowthCase[];
}

export const GROWTH_SERIES_NAMES = ['users', 'partitions', 'long-history', 'hot-user'] as const;
export type GrowthSeriesName = (typeof GROWTH_SERIES_NAMES)[number];

const USERS = [10_000, 100_000, 1_000_000];
const PARTITIONS = [1, 4, 12, 64];
const HOT_SHARE = 0.3;

export function growthSeries(name: GrowthSeriesName, events: number): GrowthSeries {
  const standard = { ...STANDARD_SHAPE, events };
  switch (name) {
    case 'users':
      return { name, cases: USERS.map((users) => ofUsers(standard, users)) };
    case 'partitions':
      return {
        name,
        cases: PARTITIONS.map((count) => ({ label: `${count}`, shape: { ...standard, partitions: count } })),
      };
    case 'long-history':
      return { name, cases: [{ label: 'without', shape: standard }, ofLongHistory(standard)] };
    case 'hot-user':
      return {
        name,
        cases: [
          { label: 'without', shape: standard },
          { label: 'one user has 30 %', shape: { ...standard, hotShare: HOT_SHARE } },
        ],
      };
  }
}

/** The days follow the users, so that a user has as many sessions a day whatever their number: the work of a session stays the same. */
function ofUsers(standard: DataSetShape, users: number): GrowthCase {
  const days = Math.max(1, Math.round((standard.days * standard.users) / users));
  const busyUsers = Math.round((standard.busyUsers * users) / standard.users);
  const shape = { ...standard, users, busyUsers, days };
  return { label: `${users.toLocaleString('en-US')} users`, shape, prefilledUsers: users };
}

/** The users' share of the events is that of the standard count, whatever the count. */
function ofLongHistory(standard: DataSetShape): GrowthCase {
  const users = Math.max(1, Math.round((TWENTY_YEARS.users * standard.events) / STANDARD_SHAPE.events));
  return {
    label: `${users} users of 20 years`,
    shape: standard,
    change: (dataSet) => withLongHistory(dataSet, { ...TWENTY_YEARS, users }),
  };
}
