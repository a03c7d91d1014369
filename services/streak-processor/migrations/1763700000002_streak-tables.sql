-- Every table that a user owns has user_id first in its key. Text keys sort by bytes, as writers sort rows before they take locks.

-- The immutable log of sessions. (user_id, session_id) is a session's identity: the first one wins.
CREATE TABLE focus_sessions (
  user_id     text COLLATE "C" NOT NULL,
  session_id  text COLLATE "C" NOT NULL,
  start_time  timestamptz      NOT NULL,
  end_time    timestamptz      NOT NULL,
  timezone    text             NOT NULL,
  PRIMARY KEY (user_id, session_id),
  CHECK (end_time > start_time)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- One row per user, rule and local day. latest_*: of the sessions that touch the day, the one with the greatest end, then the greatest id by bytes.
CREATE TABLE daily_totals (
  user_id          text COLLATE "C" NOT NULL,
  rule_id          text COLLATE "C" NOT NULL,
  local_date       date             NOT NULL,
  total            bigint           NOT NULL CHECK (total >= 0), -- milliseconds for sessions, a count for check-ins
  latest_end       timestamptz      NOT NULL,
  latest_id        text COLLATE "C" NOT NULL,
  latest_timezone  text             NOT NULL,
  PRIMARY KEY (user_id, rule_id, local_date)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);

-- The qualified days of a user under a rule, as runs, with the figures that do not depend on when they are read.
CREATE TABLE user_streaks (
  user_id               text COLLATE "C" NOT NULL,
  rule_id               text COLLATE "C" NOT NULL,
  runs                  datemultirange   NOT NULL DEFAULT '{}',
  current_run_length    integer          NOT NULL DEFAULT 0,
  longest_run_length    integer          NOT NULL DEFAULT 0,
  last_qualified_date   date,
  qualified_days_count  integer          NOT NULL DEFAULT 0,
  timezone              text,
  version               bigint           NOT NULL DEFAULT 0,
  updated_at            timestamptz      NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, rule_id),
  CHECK (longest_run_length >= current_run_length)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- The audit log and the outbox at once: one row per stored change of a streak, numbered without gaps in its shard.
CREATE TABLE streak_history (
  shard                   integer          NOT NULL,
  out_seq                 bigint           NOT NULL,
  user_id                 text COLLATE "C" NOT NULL,
  rule_id                 text COLLATE "C" NOT NULL,
  version                 bigint           NOT NULL,
  change_type             text             NOT NULL,
  qualified_date          date, -- the day this change added; null when it added none
  current_before          integer          NOT NULL,
  current_after           integer          NOT NULL,
  longest_before          integer          NOT NULL,
  longest_after           integer          NOT NULL,
  qualified_days_before   integer          NOT NULL,
  qualified_days_after    integer          NOT NULL,
  last_qualified_before   date,
  last_qualified_after    date,
  timezone                text,
  generation              bigint           NOT NULL,
  topic_id                uuid             NOT NULL,
  partition               integer          NOT NULL,
  "offset"                bigint           NOT NULL,
  request_id              text,
  recorded_at             timestamptz      NOT NULL DEFAULT now(),
  event_id                uuid GENERATED ALWAYS AS
    (md5(generation::text || ':' || rule_id || ':' || user_id || ':' || version::text)::uuid) VIRTUAL,
  PRIMARY KEY (shard, out_seq, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- Takes rows of a month that nobody made a partition for, so that a change can always be stored.
CREATE TABLE streak_history_default PARTITION OF streak_history DEFAULT;

-- Grows by 1 with each rebuild, restore or adoption: what was projected under an older one never wins against a newer one.
CREATE TABLE projection_generation (
  singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  generation  bigint  NOT NULL CHECK (generation > 0)
);
INSERT INTO projection_generation (generation) VALUES (1);
