/** The keys of a rule's boards. They share one hash tag, so that one script call may touch all of them on a cluster. */
export interface BoardKeys {
  /** The generation that is there in full; absent while the boards are being filled. */
  readonly sentinel: string;
  /** Names the refill under way, as `fillKey` does for a bucket. */
  readonly fill: string;
  /** The run of the server on which they were filled, as `runKey`. */
  readonly run: string;
  /** The one generation that all of the following are of. */
  readonly contents: string;
  /** Sorted sets of members, see `board-value.ts`. */
  readonly qualified: string;
  readonly current: string;
  /** Sorted set of the users of `current`, by the instant at which their streaks break. */
  readonly expiry: string;
  /** Hash from user to value, see `board-value.ts`: what stands on the boards of a user, and its version. */
  readonly members: string;
}

export function boardKeys(keyPrefix: string, ruleId: string): BoardKeys {
  const tagged = `${keyPrefix}{board:${ruleId}}:`;
  return {
    sentinel: `${tagged}generation`,
    fill: `${tagged}filling`,
    run: `${tagged}run`,
    contents: `${tagged}contents`,
    qualified: `${tagged}qualified`,
    current: `${tagged}current`,
    expiry: `${tagged}expiry`,
    members: `${tagged}members`,
  };
}

/** Who keeps the boards of all rules, for as long as the key lives. */
export function leaseKey(keyPrefix: string): string {
  return `${keyPrefix}boards:keeper`;
}
