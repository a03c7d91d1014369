/** The fields of a Server-Sent Event. */
export type ServerSentEvent = Readonly<Record<string, string>>;

/** The events of a stream's text. Comments, and frames without data, are none; one that was cut off is left out. */
export function readEvents(text: string): readonly ServerSentEvent[] {
  const frames = text.split('\n\n').slice(0, -1);
  return frames.map(readFrame).filter((event) => event['data'] !== undefined);
}

function readFrame(frame: string): ServerSentEvent {
  const fields: Record<string, string> = {};
  for (const line of frame.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name !== '') fields[name] = name === 'data' && fields[name] !== undefined ? `${fields[name]}\n${value}` : value;
  }
  return fields;
}
