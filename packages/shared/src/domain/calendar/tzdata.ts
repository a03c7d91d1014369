/** The oldest release of the IANA time zone database whose rules are accepted. */
export const MIN_TZDATA_VERSION = '2023c';

const RELEASE = /^(\d{4})([a-z]{1,2})$/;

/**
 * Whether a release of the IANA database, such as `process.versions.tz`, is at least another. Releases are a year and
 * letters: 2023c < 2023d < … < 2023z < 2023za < 2024a. False for text that names no release.
 */
export function isTzdataAtLeast(version: string, minimum: string): boolean {
  const [, year, letters] = RELEASE.exec(version) ?? [];
  const [, minimumYear, minimumLetters] = RELEASE.exec(minimum) ?? [];
  if (year === undefined || letters === undefined || minimumYear === undefined || minimumLetters === undefined) {
    return false;
  }
  if (year !== minimumYear) {
    return year > minimumYear;
  }
  return letters.length === minimumLetters.length ? letters >= minimumLetters : letters.length > minimumLetters.length;
}

/**
 * The release in use, where it is new enough.
 * @param version `process.versions.tz`
 * @throws one clear line when it is not, or when Node.js has none
 */
export function requireTzdata(version: string | undefined): string {
  if (version !== undefined && isTzdataAtLeast(version, MIN_TZDATA_VERSION)) return version;
  throw new Error(
    `the time zone database of this Node.js is ${version ?? 'missing'}: ${MIN_TZDATA_VERSION} or newer is needed`,
  );
}
