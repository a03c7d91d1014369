/** Longest that a request is kept waiting for the processor, in seconds. */
export const maxWaitSeconds = 30;

const waitPreference = /(?:^|,)\s*wait\s*=\s*(?:(\d{1,9})|"(\d{1,9})")\s*(?=[,;]|$)/i;

/**
 * Seconds of `Prefer: wait=N` (RFC 7240), at most 30; without the preference those of `otherwise`. The first one counts,
 * and one that cannot be understood is as if it were not there, as the RFC asks.
 */
export function preferredWaitSeconds(header: string | readonly string[] | undefined, otherwise = 0): number {
  if (header === undefined) return otherwise;
  const found = waitPreference.exec(typeof header === 'string' ? header : header.join(','));
  return found === null ? otherwise : Math.min(Number(found[1] ?? found[2]), maxWaitSeconds);
}
