import type { EngineLog } from '../engine-options';
import type { EngineMetrics } from '../metrics';
import type { PublisherEvents } from './publisher-options';

/** What happens to the publication, as metrics and lines of the log. */
export const createPublisherEvents = (metrics: EngineMetrics, log: EngineLog): PublisherEvents => ({
  published({ rows, records, seconds }) {
    metrics.publishTransactions.inc();
    metrics.published.inc(rows);
    metrics.publishedRecords.inc(records);
    metrics.publishSeconds.observe(seconds);
  },
  failed(shard, error) {
    metrics.publishErrors.inc();
    log.warn({ shard, err: error }, 'publication_failed');
  },
  halted(shard, reason, detail) {
    metrics.publishHalts.inc({ reason });
    log.error({ shard, reason, detail }, 'publication_halted');
  },
  ignoredMark(shard, detail) {
    metrics.publishIgnoredMarks.inc();
    log.error({ shard, detail }, 'publication_mark_ignored');
  },
  missingRows(shard, firstSeq, lastSeq) {
    metrics.publishMissingRows.inc(Number(lastSeq - firstSeq) + 1);
    log.warn({ shard, firstSeq: String(firstSeq), lastSeq: String(lastSeq) }, 'publication_rows_missing');
  },
  state({ shards, backlogRows, standsStillSeconds, waitingBytes }) {
    for (const [state, count] of Object.entries(shards)) metrics.publishShards.set({ state }, count);
    metrics.publishBacklog.set(backlogRows);
    metrics.publishStandsStillSeconds.set(standsStillSeconds);
    metrics.publishWaitingBytes.set(waitingBytes);
  },
});
