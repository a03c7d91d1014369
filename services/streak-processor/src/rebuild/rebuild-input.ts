import type { FreshProjection } from './fresh/fresh-projection';

/** A topic that is replayed, and what its records mean. */
export interface RebuildInput {
  readonly topic: string;
  readonly topicId: string;
  readonly projection: FreshProjection;
}

/** No record caused a correction or a recount: their source is this topic id, partition 0, offset 0. */
export const NIL_TOPIC_ID = '00000000-0000-0000-0000-000000000000';
