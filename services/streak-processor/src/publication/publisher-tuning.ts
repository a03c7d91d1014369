import { defaultPublisherTuning, type PublisherTuning } from '@streaks/exactly-once/publish/publisher-options';

/**
 * The processor stays below 512 MiB at any backlog, and most of that is the appliers': what does not fit here is dropped and
 * read back. A row that waits takes a few hundred bytes of strings and objects beside those counted.
 */
export const publisherTuning: PublisherTuning = {
  ...defaultPublisherTuning,
  maxWaitingRows: 20_000,
  maxWaitingBytes: 8_000_000,
  pageRows: 4_000,
};

/** Rows on their way to the thread. */
export const MAX_UNREAD_BYTES = 8_000_000;

/** Past these the thread ends and is started again, and the process goes on. */
export const WORKER_LIMITS = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 12, stackSizeMb: 4 } as const;
