-- What the operators' commands need: where a dead letter was replayed to, and a role that may do what they do and nothing else.

ALTER TABLE dead_letters
  ADD COLUMN replayed_at         timestamptz,
  ADD COLUMN replayed_topic_id   uuid,
  ADD COLUMN replayed_partition  integer,
  ADD COLUMN replayed_offset     bigint, -- null when the broker no longer knew it
  ADD CHECK (status IN ('new', 'replayed'));

DO $$ BEGIN
  CREATE ROLE streaks_operator NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO streaks_operator;
GRANT SELECT, UPDATE ON partition_progress, outbox_shard, projection_generation, dead_letters TO streaks_operator;
GRANT DELETE ON dead_letters TO streaks_operator;
GRANT SELECT, UPDATE (generation) ON streak_history TO streaks_operator;
GRANT SELECT, INSERT ON operator_audit TO streaks_operator;
