/** Longest that a request is kept waiting for the processor, in seconds. */
export const maxWaitSeconds = 30;

const waitPreference = /(?:^|,)\s*wait\s*=\s*(?:(\d{1,9})|"(\d{1,9})")\s*(?=[,;]|$)/i;

/**
 * Seconds of `Prefer: wait=N` (RFC 7240), at most 30; undefined without the preference. The first one counts, and one that
 * cannot be understood is as if it were not there, as the RFC asks.
 */
export function preferredWaitSeconds(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const found = waitPreference.exec(typeof header === 'string' ? header : header.join(','));
  return found === null ? undefined : Math.min(Number(found[1] ?? found[2]), maxWaitSeconds);
}
