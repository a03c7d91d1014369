import type { Faulty } from '../decode-fault';
import type { WithoutKey } from '../user-event';

export type JsonObject = Readonly<Record<string, unknown>>;

interface RecordName {
  /** Without the namespace: that of the schema's record, and `type` of a JSON value. */
  readonly name: string;
  /** Of `packages/shared/schemas`. */
  readonly schemaFile: string;
}

/** How an event is had from the record of one name. Neither way judges it by more than its shape. */
export interface RecordReader<Event> extends RecordName {
  /** Whether one of the record's texts has U+FFFD, which also stands for what was no UTF-8. */
  hasReplacement(record: unknown): boolean;
  /** Of a value that follows our schema. */
  fromAvro(record: unknown, key: Buffer | null): Event;
  /** The fault names everything that is wrong, if the shape is. */
  fromJson(json: JsonObject, key: Buffer | null): Event | Faulty;
}

export interface RecordWriter<Event> extends RecordName {
  /** The value as the schema has it. */
  toAvro(event: Event): object;
}

export type RecordContract<Event> = RecordReader<Event> & RecordWriter<WithoutKey<Event>>;

const REPLACEMENT_CHARACTER = '\ufffd';

export const hasReplacement = (text: string): boolean => text.includes(REPLACEMENT_CHARACTER);
