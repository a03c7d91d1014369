-- Creates the monthly partitions of streak_history (months in UTC) from this month to so many ahead; returns the names of the new ones.
-- A partition is made apart and attached, since CREATE TABLE ... PARTITION OF would lock the parent against every reader and writer.
-- Runs with the rights of the migrations' owner, so that the processor needs no right to create tables.
CREATE FUNCTION create_streak_history_partitions(months_ahead integer) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  first_month     timestamp;
  month           timestamp;
  partition_name  text;
  lower_bound     timestamptz;
  upper_bound     timestamptz;
BEGIN
  -- Several processes may do this at once; the lock is of this database and ends with the transaction.
  PERFORM pg_advisory_xact_lock(7318120452);
  first_month := date_trunc('month', now() AT TIME ZONE 'UTC');
  FOR months IN 0..months_ahead LOOP
    month := first_month + make_interval(months => months);
    partition_name := 'streak_history_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass(partition_name) IS NOT NULL;
    lower_bound := month AT TIME ZONE 'UTC';
    upper_bound := (month + interval '1 month') AT TIME ZONE 'UTC';
    EXECUTE format('CREATE TABLE %I (LIKE streak_history INCLUDING ALL)', partition_name);
    IF EXISTS (SELECT FROM streak_history_default WHERE recorded_at >= lower_bound AND recorded_at < upper_bound) THEN
      -- Rows of the month came before its partition: ATTACH refuses while the default partition holds them.
      LOCK TABLE streak_history_default IN ACCESS EXCLUSIVE MODE;
      EXECUTE format(
        'WITH moved AS (DELETE FROM streak_history_default WHERE recorded_at >= %1$L AND recorded_at < %2$L RETURNING %4$s)
         INSERT INTO %3$I (%4$s) SELECT %4$s FROM moved',
        lower_bound, upper_bound, partition_name,
        (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
         WHERE attrelid = 'streak_history'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''));
    END IF;
    EXECUTE format('ALTER TABLE streak_history ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      partition_name, lower_bound, upper_bound);
    RETURN NEXT partition_name;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION create_streak_history_partitions(integer) FROM PUBLIC;
