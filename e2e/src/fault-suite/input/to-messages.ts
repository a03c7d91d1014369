import type { Message, TopicMessages } from 'kafkajs';
import type { EventEncoder } from '../../producers/event-encoder';
import { keyOf, toJson } from '../../producers/event-json';
import { type Chunk, type InputEvent, type InputTopic, topicOf } from './input-event';

/** Header that tells which event of the input a record is: `placeText`. */
export const PLACE_HEADER = 'input-place';

export const placeText = (chunk: number, index: number): string => `${chunk}.${index}`;

/** A chunk's records by topic, each with its place in the input: what became of them is read back from the log. */
export function toMessages(
  { index: chunk, format, events }: Chunk,
  topics: Readonly<Record<InputTopic, string>>,
  encode: EventEncoder,
): TopicMessages[] {
  const byTopic = new Map<string, Message[]>();
  for (const [index, event] of events.entries()) {
    const topic = topics[topicOf(event)];
    const messages = byTopic.get(topic) ?? [];
    byTopic.set(topic, messages);
    messages.push({ ...toMessage(event, format, encode), headers: { [PLACE_HEADER]: placeText(chunk, index) } });
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }));
}

function toMessage(input: InputEvent, format: Chunk['format'], encode: EventEncoder): Message {
  const { partition } = input;
  if (input.kind === 'bad') return { partition, key: input.key, value: input.value };
  const { event } = input;
  return { partition, key: keyOf(event), value: format === 'avro' ? encode(event) : toJson(event) };
}
