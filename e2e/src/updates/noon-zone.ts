const NOON = 12;

/** A zone in which it is about noon: a test that takes minutes stays on one local day. */
export function noonZone(nowMs: number): string {
  const hoursAhead = NOON - new Date(nowMs).getUTCHours();
  if (hoursAhead === 0) return 'Etc/GMT';
  // The signs of these names are reversed: Etc/GMT-5 is ahead of UTC.
  return hoursAhead > 0 ? `Etc/GMT-${hoursAhead}` : `Etc/GMT+${-hoursAhead}`;
}
