import { recordBodyKey } from '@streaks/shared/kafka/record-format/record-body';
import type { OutputRecord } from '../publication';
import { recordBytes } from './output-buffer';

/** What goes out in one request: one partition of one topic. */
export interface Send {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly OutputRecord[];
}

/**
 * The requests of one transaction. Of states only the last of each key is kept. Each request has one partition: kafkajs
 * takes a request that several brokers share for done where a leader moved between two tries, or sends it twice. Its size is
 * bounded, since the broker judges the batch by the topic's `max.message.bytes`.
 */
export function planSends(records: readonly OutputRecord[], maxSendBytes: number): Send[] {
  const byPlace = new Map<string, OutputRecord[]>();
  for (const record of withoutOldStates(records)) {
    const place = `${record.topic}/${record.partition}`;
    const list = byPlace.get(place);
    if (list) list.push(record);
    else byPlace.set(place, [record]);
  }
  return [...byPlace.values()].flatMap((list) => cut(list, maxSendBytes));
}

function withoutOldStates(records: readonly OutputRecord[]): readonly OutputRecord[] {
  const seen = new Set<string>();
  const kept: OutputRecord[] = [];
  for (let at = records.length - 1; at >= 0; at--) {
    const record = records[at] as OutputRecord;
    const key = record.isState ? recordBodyKey(record.body) : null;
    if (key !== null) {
      const name = `${record.topic}/${key}`;
      if (seen.has(name)) continue;
      seen.add(name);
    }
    kept.push(record);
  }
  return kept.reverse();
}

function cut(records: readonly OutputRecord[], maxSendBytes: number): Send[] {
  const sends: Send[] = [];
  let start = 0;
  let bytes = 0;
  const close = (end: number) => {
    const first = records[start];
    if (first) sends.push({ topic: first.topic, partition: first.partition, records: records.slice(start, end) });
    start = end;
    bytes = 0;
  };
  records.forEach((record, at) => {
    const size = recordBytes(record);
    if (at > start && bytes + size > maxSendBytes) close(at);
    bytes += size;
  });
  close(records.length);
  return sends;
}
