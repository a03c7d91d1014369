-- Groups without login: an installation makes its login users members. Roles belong to the whole cluster, so another
-- database of it may have created them, or may be creating them right now.
DO $$ BEGIN
  CREATE ROLE streaks_writer NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  CREATE ROLE streaks_reader NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

GRANT USAGE ON SCHEMA public TO streaks_writer, streaks_reader;

GRANT SELECT, INSERT, UPDATE ON
  partition_progress, outbox_shard, dead_letters, focus_sessions, daily_totals, user_streaks, streak_history
  TO streaks_writer;
GRANT DELETE ON focus_sessions, daily_totals, user_streaks TO streaks_writer; -- erasure of a user
GRANT SELECT, UPDATE ON projection_generation TO streaks_writer;
GRANT EXECUTE ON FUNCTION create_streak_history_partitions(integer) TO streaks_writer;

GRANT SELECT ON
  partition_progress, outbox_shard, dead_letters, focus_sessions, daily_totals, user_streaks, streak_history,
  projection_generation
  TO streaks_reader;
