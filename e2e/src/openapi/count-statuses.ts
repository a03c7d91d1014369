const SAMPLE = /^streaks_http_request_duration_seconds_count\{(.*)\} (\d+)$/gm;

/** Answers by status. */
export type StatusCounts = ReadonlyMap<string, number>;

/** What a service answered since its start, by its own metrics. */
export async function countStatuses(url: string): Promise<StatusCounts> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = new Map<string, number>();
  for (const [, labels = '', count] of text.matchAll(SAMPLE)) {
    const status = /status="(\d+)"/.exec(labels)?.[1] ?? '?';
    counts.set(status, (counts.get(status) ?? 0) + Number(count));
  }
  return counts;
}

/** What came between two countings: `200 x 812, 400 x 96`. */
export function describeStatuses(before: StatusCounts, after: StatusCounts): string {
  return [...after]
    .map(([status, count]) => [status, count - (before.get(status) ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([status, count]) => `${status} x ${count}`)
    .join(', ');
}
