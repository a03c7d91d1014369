import { type DemoSession, type DemoUser, demoSessions } from './demo-sessions';

export type SeedDemoOptions = {
  readonly ingestUrl: string;
  readonly nowMs: number;
  readonly fetch: typeof fetch;
};

type StreakShown = { readonly currentStreak: number; readonly longestStreak: number };

const waitSeconds = 15;

/**
 * Posts the sessions of one user through ingest and says in one line what came of it. The last session is waited for,
 * so that the streak is there to be read when the demo ends.
 *
 * @throws Error with one line when ingest cannot be reached or refuses.
 */
export async function seedDemoUser(user: DemoUser, options: SeedDemoOptions): Promise<string> {
  const sessions = demoSessions(user, options.nowMs);
  const last = sessions.at(-1);
  if (last === undefined) return `${user.userId}: no sessions`;
  const earlier = sessions.slice(0, -1);
  if (earlier.length > 0) await post(options, '/sessions/batch', { sessions: earlier });
  const streak = streakOf(await post(options, '/sessions', last, { Prefer: `wait=${waitSeconds}` }));
  const shown =
    streak === undefined
      ? 'published, not processed yet'
      : `current streak ${streak.currentStreak}, longest ${streak.longestStreak}`;
  return `${user.userId} (${user.timezone}): ${sessions.length} sessions, ${shown}`;
}

async function post(
  { ingestUrl, fetch }: SeedDemoOptions,
  path: string,
  body: DemoSession | { readonly sessions: readonly DemoSession[] },
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const response = await fetch(`${ingestUrl}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw new Error(`ingest cannot be reached at ${ingestUrl}`, { cause: error });
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`ingest answered ${response.status} to POST ${path}: ${text}`);
  const answer: unknown = JSON.parse(text);
  if (hasCount(answer, 'rejected') && answer.rejected > 0)
    throw new Error(`ingest rejected sessions of the demo: ${text}`);
  return answer;
}

function streakOf(answer: unknown): StreakShown | undefined {
  const streak: unknown =
    typeof answer === 'object' && answer !== null && 'streak' in answer ? answer.streak : undefined;
  return hasCount(streak, 'currentStreak') && hasCount(streak, 'longestStreak') ? streak : undefined;
}

function hasCount<Name extends string>(value: unknown, name: Name): value is Record<Name, number> {
  return typeof value === 'object' && value !== null && name in value && typeof Reflect.get(value, name) === 'number';
}
