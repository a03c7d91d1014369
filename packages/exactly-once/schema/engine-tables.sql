-- The tables of the engine. Text keys sort by bytes (COLLATE "C"), as the engine sorts them before it takes locks.

-- One row per input partition. next_offset moves in the transaction that applies the records: it alone says what has been applied.
CREATE TABLE partition_progress (
  topic        text COLLATE "C" NOT NULL,
  partition    integer          NOT NULL CHECK (partition >= 0),
  topic_id     uuid             NOT NULL,
  epoch        bigint           NOT NULL CHECK (epoch > 0),
  owner        text             NOT NULL,
  next_offset  bigint           NOT NULL CHECK (next_offset >= 0),
  halt_reason  text,
  halt_detail  text,
  updated_at   timestamptz      NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- One row per outbox shard. out_seq numbers the rows of a shard without gaps, in commit order; projected_seq is how far the sink has them,
-- published_seq how far Kafka has. mark_epoch: marks kept in Kafka under an older one are void. accepted_mark: a mark in Kafka above out_seq that an
-- operator accepted (a restored database): rows up to it count as published. halt_*: why the shard's publication stands still, until set to NULL.
CREATE TABLE outbox_shard (
  shard          integer PRIMARY KEY CHECK (shard >= 0),
  out_seq        bigint  NOT NULL DEFAULT 0,
  published_seq  bigint  NOT NULL DEFAULT 0 CHECK (published_seq <= out_seq),
  projected_seq  bigint  NOT NULL DEFAULT 0 CHECK (projected_seq <= out_seq),
  mark_epoch     bigint  NOT NULL DEFAULT 0,
  accepted_mark  bigint  NOT NULL DEFAULT 0,
  halt_reason    text,
  halt_detail    text
) WITH (fillfactor = 50);

-- A record that can never be applied: the original bytes, and why. Committed with the offset that passes it.
CREATE TABLE dead_letters (
  topic_id     uuid             NOT NULL,
  partition    integer          NOT NULL,
  "offset"     bigint           NOT NULL,
  topic        text COLLATE "C" NOT NULL,
  reason       text             NOT NULL,
  detail       text             NOT NULL,
  key          bytea,
  value        bytea,
  headers      jsonb            NOT NULL,
  user_id      text COLLATE "C",
  event_id     text COLLATE "C",
  record_time  timestamptz      NOT NULL,
  shard        integer          NOT NULL,
  out_seq      bigint           NOT NULL,
  status       text             NOT NULL DEFAULT 'new',
  first_seen   timestamptz      NOT NULL DEFAULT now(),
  PRIMARY KEY (topic_id, partition, "offset")
);
CREATE INDEX dead_letters_by_shard ON dead_letters (shard, out_seq);
CREATE INDEX dead_letters_by_event ON dead_letters (user_id, event_id) WHERE user_id IS NOT NULL;
