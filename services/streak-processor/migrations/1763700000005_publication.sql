-- Publication of the outbox to Kafka, and what operators did.

-- mark_epoch: marks kept in Kafka under an older one are void. accepted_mark: a mark in Kafka above out_seq that an operator accepted (a restored database):
-- rows up to it count as published. halt_*: why a shard's publication stands still.
ALTER TABLE outbox_shard
  ADD COLUMN mark_epoch     bigint NOT NULL DEFAULT 0,
  ADD COLUMN accepted_mark  bigint NOT NULL DEFAULT 0,
  ADD COLUMN halt_reason    text,
  ADD COLUMN halt_detail    text;

-- One row per command of an operator that changed something: who, what, and the rows before and after.
CREATE TABLE operator_audit (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          timestamptz NOT NULL DEFAULT now(),
  actor       text        NOT NULL,
  command     text        NOT NULL,
  arguments   jsonb       NOT NULL,
  before      jsonb,
  after       jsonb
);
GRANT SELECT, INSERT ON operator_audit TO streaks_writer;
GRANT SELECT ON operator_audit TO streaks_reader;
