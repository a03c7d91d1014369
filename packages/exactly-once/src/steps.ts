import type { ClientBase } from 'pg';

/** Points at which a crash is tested. The names are those of ARCHITECTURE.md: A assignment, B batch, P publication, R read model. */
export const ENGINE_STEPS = [
  'A0_ASSIGNED',
  'A1_LOG_READ',
  'A2_EPOCH_RAISED',
  'A4_JUDGED',
  'A5_RESUMED',
  'B1_RECEIVED',
  'B2_QUEUED',
  'B3_LOCKED',
  'B4_APPLIED',
  'B5_NUMBERED',
  'B6_ADVANCED',
  'B7_COMMITTED',
  'B8_HANDED_OVER',
  'P1_OPENED',
  'P2_MARK_READ',
  'P3_TAKEN',
  'P4_SENT',
  'P5_MARK_SENT',
  'P6_COMMITTED',
  'P7_MARK_MOVED',
  'R1_TAKEN',
  'R2_WRITTEN',
  'R3_MARK_MOVED',
] as const;

export type EngineStep = (typeof ENGINE_STEPS)[number];

/**
 * Called after each step; a test stops, breaks or delays the process there. A promise is waited for. `client` is the
 * connection of the transaction at B3 to B7.
 */
export type OnEngineStep = (step: EngineStep, client?: ClientBase) => void | Promise<void>;
