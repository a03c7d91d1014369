-- Check-ins, corrections, settings, boards, organisations, friendships. Every table that a user owns has user_id first in its key.

-- Erasure removes what was recorded up to an instant, whatever partition it came in by.
ALTER TABLE focus_sessions ADD COLUMN record_time timestamptz NOT NULL DEFAULT '1970-01-01 00:00+00'; -- of the Kafka record, the latest of identical repeats

-- The immutable log of check-ins. (user_id, check_in_id) is a check-in's identity: the first one wins.
CREATE TABLE check_ins (
  user_id      text COLLATE "C" NOT NULL,
  check_in_id  text COLLATE "C" NOT NULL,
  at           timestamptz      NOT NULL,
  timezone     text             NOT NULL,
  record_time  timestamptz      NOT NULL, -- as of a session
  PRIMARY KEY (user_id, check_in_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- A retracted id stays retracted, also where the retraction came before the session. A session that was recorded after all its retractions is kept
-- here, and null otherwise: an erasure in between takes the retraction away and leaves the session.
CREATE TABLE retracted_sessions (
  user_id              text COLLATE "C" NOT NULL,
  session_id           text COLLATE "C" NOT NULL,
  record_time          timestamptz      NOT NULL,
  start_time           timestamptz,
  end_time             timestamptz,
  timezone             text,
  session_record_time  timestamptz,
  PRIMARY KEY (user_id, session_id)
);

-- Users for whom more counts than sessions and check-ins: settings, retractions, an erasure. Most have no row.
CREATE TABLE special_users (
  user_id          text COLLATE "C" PRIMARY KEY,
  has_retractions  boolean NOT NULL DEFAULT false, -- false: surely none
  erased_at        timestamptz, -- record time of the newest UserErased: what was recorded up to it never was
  settings         jsonb -- changes that still count, by setting; null where none was ever made
) WITH (fillfactor = 80);

-- Buckets of users that have any such user. Read after the bucket's advisory lock was taken: without a row nobody is looked up.
CREATE TABLE special_buckets (
  bucket  integer PRIMARY KEY
);

-- Members of an organisation at some date: whose streaks are evaluated again when its settings change.
CREATE TABLE organisation_members (
  organisation_id  text COLLATE "C" NOT NULL,
  user_id          text COLLATE "C" NOT NULL,
  PRIMARY KEY (organisation_id, user_id)
);
CREATE INDEX organisation_members_by_user ON organisation_members (user_id);

CREATE TABLE organisations (
  organisation_id  text COLLATE "C" PRIMARY KEY,
  settings         jsonb NOT NULL DEFAULT '{}'
);

-- Members still to be evaluated after a change of their organisation's settings; after_user_id is how far that is.
CREATE TABLE reevaluations (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id  text COLLATE "C" NOT NULL,
  after_user_id    text COLLATE "C" NOT NULL DEFAULT '',
  topic_id         uuid             NOT NULL,
  partition        integer          NOT NULL,
  "offset"         bigint           NOT NULL,
  record_time      timestamptz      NOT NULL,
  request_id       text
);

-- One row per pair that was ever friends; a removed one stays, so that a late older record does not bring it back. overruled: earlier changes that
-- were recorded later, and count once an erasure has taken the one that counts now; null for nearly all.
CREATE TABLE friendships (
  user_a       text COLLATE "C" NOT NULL,
  user_b       text COLLATE "C" NOT NULL,
  is_friend    boolean          NOT NULL,
  changed_at   timestamptz      NOT NULL,
  record_time  timestamptz      NOT NULL,
  overruled    jsonb,
  PRIMARY KEY (user_a, user_b),
  CHECK (user_a < user_b)
);
CREATE INDEX friendships_by_second ON friendships (user_b, user_a) INCLUDE (is_friend);

-- expires_at: when the current streak breaks if nothing is added. updated_at: record time of the event that changed the row last.
-- bridging: freeze rules by date and pauses; null for most. Boards leave out unlisted users.
ALTER TABLE user_streaks
  ADD COLUMN expires_at   timestamptz,
  ADD COLUMN bridging     jsonb,
  ADD COLUMN is_unlisted  boolean NOT NULL DEFAULT false;

-- Of streaks from before, which have neither freezes nor pauses: the start of the second day after the last one. Where clocks go back over that
-- midnight the first of the two counts. A name that this server's time zones have not is left for the next change of its row.
UPDATE user_streaks s SET expires_at = CASE WHEN (t.start - interval '1 hour') AT TIME ZONE s.timezone = t.midnight
                                       THEN t.start - interval '1 hour' ELSE t.start END
FROM (SELECT u.user_id, u.rule_id, (u.last_qualified_date + 2)::timestamp AS midnight,
             (u.last_qualified_date + 2)::timestamp AT TIME ZONE u.timezone AS start
      FROM user_streaks u JOIN (SELECT DISTINCT lower(name) AS name FROM pg_timezone_names) n ON n.name = lower(u.timezone)
      WHERE u.last_qualified_date IS NOT NULL) t
WHERE s.user_id = t.user_id AND s.rule_id = t.rule_id;

-- Who stands on the boards, for as long as Redis cannot tell. Apart from user_streaks, of which every change would else be written into two more indexes.
-- It follows the history: board_marks is how far.
CREATE TABLE board_places (
  user_id         text COLLATE "C" NOT NULL,
  rule_id         text COLLATE "C" NOT NULL,
  qualified_days  integer          NOT NULL CHECK (qualified_days > 0),
  longest_streak  integer          NOT NULL,
  latest_streak   integer          NOT NULL,
  updated_at      timestamptz(3)   NOT NULL, -- milliseconds are what Redis ranks by
  expires_at      timestamptz(3)   NOT NULL,
  PRIMARY KEY (user_id, rule_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE TABLE board_marks (
  shard       integer PRIMARY KEY,
  ranked_seq  bigint  NOT NULL, -- of streak_history: changes up to it are in board_places
  generation  bigint  NOT NULL -- under which all of board_places was last compared with user_streaks
);

INSERT INTO board_marks SELECT shard, out_seq, generation FROM outbox_shard, projection_generation;
INSERT INTO board_places
SELECT user_id, rule_id, qualified_days_count, longest_run_length, current_run_length, date_trunc('milliseconds', updated_at),
       coalesce(expires_at, '1970-01-01T00:00:00Z')
FROM user_streaks WHERE qualified_days_count > 0;

-- The order of the boards, with all that a page shows.
CREATE INDEX board_places_by_qualified_days ON board_places
  (rule_id, qualified_days DESC, longest_streak DESC, updated_at, user_id) INCLUDE (latest_streak, expires_at);
CREATE INDEX board_places_by_current ON board_places
  (rule_id, latest_streak DESC, longest_streak DESC, updated_at, user_id) INCLUDE (qualified_days, expires_at);

-- The chain of a user: history, analytics, the event stream. It begins anew with a row USER_ERASED, everything before which is gone.
CREATE INDEX streak_history_by_user ON streak_history (user_id, rule_id, version);

-- An erasure finds the records of its user that could not be read by their key, which may be longer than a tree takes.
CREATE INDEX dead_letters_by_key ON dead_letters USING hash (key) WHERE user_id IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON
  check_ins, retracted_sessions, special_users, special_buckets, organisation_members, organisations, reevaluations, friendships,
  board_places, board_marks
  TO streaks_writer;
GRANT DELETE ON streak_history, dead_letters TO streaks_writer; -- erasure of a user
GRANT SELECT ON
  check_ins, retracted_sessions, special_users, special_buckets, organisation_members, organisations, reevaluations, friendships,
  board_places
  TO streaks_reader;
