import { stateOf } from '../testing/query-app-harness';
import { rankUsers } from './rank-users';

const twoApart = ['2025-01-01', '2025-01-03'];
const twoTogether = ['2025-01-01', '2025-01-02'];
const user = (userId: string, dates: readonly string[], updatedAtMs = 1) => ({
  userId,
  state: { ...stateOf(dates), updatedAtMs },
});
const order = (...users: Parameters<typeof rankUsers>[0]) => rankUsers(users).map(({ userId }) => userId);

describe('rankUsers', () => {
  it('puts more qualified days first, then the longer streak, the earlier change, the lesser id', () => {
    expect(
      order(
        user('none', []),
        user('z', twoTogether),
        user('apart', twoApart, 0),
        user('late', twoTogether, 2),
        user('a', twoTogether),
        user('three', [...twoApart, '2025-01-05'], 9),
      ),
    ).toEqual(['three', 'a', 'z', 'late', 'apart', 'none']);
  });

  it('compares ids by their bytes, as the boards do', () => {
    // In UTF-16 the first would be the lesser one.
    expect(order(user('\u{1f600}', twoApart), user('\uffee', twoApart))).toEqual(['\uffee', '\u{1f600}']);
  });

  it('numbers from 1, without equal ranks', () => {
    expect(rankUsers([user('a', []), user('b', [])]).map(({ rank }) => rank)).toEqual([1, 2]);
  });
});
