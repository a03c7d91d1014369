// A worker thread for tests: its publisher keeps what it is given, and tells of it by lines of its log.
const { parentPort, workerData } = require('node:worker_threads');
require('tsx/cjs');
const { runPublisherWorker } = require('../publish/worker/run-publisher-worker.ts');

void runPublisherWorker(parentPort, ({ events, writeLogLine }) => {
  let shards = [];
  if (workerData?.diesAtStart) throw new Error('no way to start');
  return {
    publisher: {
      setShards(next) {
        shards = [...next];
        writeLogLine(`shards ${shards}`);
        events.state({
          shards: { opening: 0, 'reading-back': 0, live: shards.length, halted: 0 },
          backlogRows: 0,
          standsStillSeconds: 0,
          waitingBytes: 0,
        });
      },
      wants: (shard) => shards.includes(shard),
      offer(handovers) {
        for (const [shard, { lastSeq, records }] of handovers) {
          writeLogLine(`rows ${shard} ${lastSeq} ${records.map(({ body }) => body).join()}`);
          if (records.some(({ body }) => String(body) === 'die')) process.exit(3);
          if (records.some(({ body }) => String(body) === 'fail')) {
            events.failed(shard, Object.assign(new Error('failed'), { type: 'INVALID_PRODUCER_EPOCH' }));
          }
        }
      },
      async close(deadlineMs) {
        writeLogLine(`closed ${deadlineMs}`);
        if (workerData?.neverCloses) await new Promise(() => undefined);
      },
    },
    async dispose() {
      writeLogLine('disposed');
    },
  };
});
