import { changeOf } from '../testing/memory-read-model';
import { createEventStream, type EventSink } from './event-stream';

function prepare(position = { focus: 2, activity: 0 }) {
  const clock = { nowMs: 0 };
  const written: string[] = [];
  const ended: string[] = [];
  const control: { isFull: boolean; drain: (() => void)[] } = { isFull: false, drain: [] };
  const sink: EventSink = {
    write(text) {
      written.push(text);
      return !control.isFull;
    },
    once: (_event, listener) => control.drain.push(listener),
    end: () => ended.push('end'),
    destroy: () => ended.push('destroy'),
  };
  const stream = createEventStream({ userId: 'u', position, sink, monotonicMs: () => clock.nowMs });
  const changes = (...versions: number[]) => versions.map((version) => changeOf('u', version));
  /** Id, name and version of each event written so far. */
  const events = () =>
    [...written.join('').matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)].map(([, id, name, data]) => [
      id,
      name,
      JSON.parse(data ?? '').versionAfter,
    ]);
  return { stream, clock, written, ended, control, changes, events };
}

describe('createEventStream', () => {
  it('begins with how soon to connect again and the position, which is no event', () => {
    const { stream, written } = prepare();
    stream.open();
    expect(written).toEqual(['retry: 1000\nid: focus:2,activity:0\n\n']);
  });

  it('writes each change with the position after it, whole', () => {
    const { stream, written, events, changes } = prepare();
    expect(stream.deliver('focus', { changes: changes(3, 4), currentVersion: 4 })).toBe(2);
    expect(stream.deliver('activity', { changes: [changeOf('u', 1, { ruleId: 'activity' })], currentVersion: 1 })).toBe(
      1,
    );
    expect(events()).toEqual([
      ['focus:3,activity:0', 'change', 3],
      ['focus:4,activity:0', 'change', 4],
      ['focus:4,activity:1', 'change', 1],
    ]);
    expect(stream.position).toEqual({ focus: 4, activity: 1 });
    expect(written).toHaveLength(2);
  });

  it('tells of an erasure, whatever went before it', () => {
    const { stream, written, events } = prepare();
    stream.deliver('focus', {
      changes: [changeOf('u', 9, { changeType: 'USER_ERASED' }), changeOf('u', 10)],
      currentVersion: 10,
    });
    expect(events()).toEqual([
      ['focus:9,activity:0', 'erased', 9],
      ['focus:10,activity:0', 'change', 10],
    ]);
    expect(written[0]).toContain('data: {"ruleId":"focus","versionAfter":9,"recordedAt":"2025-01-15T10:00:00.009Z"}\n');
  });

  it('says so where changes are missing, before it goes on', () => {
    const { stream, events, changes } = prepare();
    stream.deliver('focus', { changes: changes(6, 7), currentVersion: 7 });
    expect(events()).toEqual([
      ['focus:5,activity:0', 'reset', 5],
      ['focus:6,activity:0', 'change', 6],
      ['focus:7,activity:0', 'change', 7],
    ]);
  });

  it.each([9, 1, 0])('moves to version %i where no change tells the way', (currentVersion) => {
    const { stream, events } = prepare();
    stream.deliver('focus', { changes: [], currentVersion });
    expect(events()).toEqual([[`focus:${currentVersion},activity:0`, 'reset', currentVersion]]);
  });

  it('is behind from the first write that was not taken until the client has read', () => {
    const { stream, clock, control, changes } = prepare();
    const read = jest.fn();
    stream.whenRead(read);
    control.isFull = true;
    clock.nowMs = 5;
    stream.deliver('focus', { changes: changes(3), currentVersion: 3 });
    stream.whenRead(read);
    clock.nowMs = 9;
    stream.heartbeat();
    expect(stream.congestedSinceMs).toBe(5);
    for (const listener of control.drain) listener();
    expect(stream.congestedSinceMs).toBeUndefined();
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('cuts a slow client off, and ends any other answer in good order', () => {
    const { stream, ended } = prepare();
    stream.end('shutdown');
    stream.end('slow');
    expect(ended).toEqual(['end', 'destroy']);
  });
});
