export const DAY_MS = 86_400_000;
/** Through the changes of clocks in America, Europe and, the other way, Australia. */
export const FIRST_MS = Date.parse('2025-03-01T00:00:00Z');

export const ZONES = [
  'America/New_York',
  'Europe/London',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Antarctica/Troll',
  'Pacific/Kiritimati',
  'Africa/Casablanca',
] as const;

export const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
