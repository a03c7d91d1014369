import { EventEmitter } from 'node:events';
import { exitCodes, runService, type ServiceOptions } from './run-service';

function createHost() {
  const events = new EventEmitter();
  const lines: string[] = [];
  const exits: number[] = [];
  const firstExit = new Promise<number>((resolve) => events.once('exit', resolve));
  return {
    lines,
    exits,
    firstExit,
    signal: (name: string, argument?: unknown) => events.emit(name, argument),
    on: (event: string, listener: (argument: unknown) => void) => events.on(event, listener),
    writeError: (line: string) => lines.push(line),
    exit: (code: number) => {
      exits.push(code);
      events.emit('exit', code);
    },
  };
}

function run(start: ServiceOptions['start'], shutdownDeadlineMs = 5_000) {
  const host = createHost();
  const started = runService({ name: 'ingest', start, shutdownDeadlineMs, host });
  return { host, started };
}

describe('runService', () => {
  it('releases in reverse order on SIGTERM and exits 0, even when one releaser fails', async () => {
    const order: string[] = [];
    const { host, started } = run(async ({ defer }) => {
      defer('pool', () => order.push('pool'));
      defer('producer', async () => {
        order.push('producer');
        throw new Error('already closed');
      });
      defer('http', () => order.push('http'));
    });
    await started;
    host.signal('SIGTERM');
    expect(await host.firstExit).toBe(exitCodes.stopped);
    expect(order).toEqual(['http', 'producer', 'pool']);
  });

  it('says in one line why a start failed, lets go of what it had, exits 1', async () => {
    const released: string[] = [];
    const { host } = run(async ({ defer }) => {
      defer('pool', () => released.push('pool'));
      throw new Error('port 3001 on 127.0.0.1 is in use by another process');
    });
    expect(await host.firstExit).toBe(exitCodes.startFailed);
    expect(host.lines).toEqual(['ingest cannot start: port 3001 on 127.0.0.1 is in use by another process']);
    expect(released).toEqual(['pool']);
  });

  it('exits at once on a second signal', async () => {
    const { host, started } = run(async ({ defer }) => defer('slow', () => new Promise(() => undefined)), 50);
    await started;
    host.signal('SIGTERM');
    host.signal('SIGINT');
    expect(await host.firstExit).toBe(exitCodes.fatal);
  });

  it('exits 70 when releasing takes longer than the deadline', async () => {
    const { host, started } = run(async ({ defer }) => defer('slow', () => new Promise(() => undefined)), 10);
    await started;
    host.signal('SIGTERM');
    expect(await host.firstExit).toBe(exitCodes.fatal);
  });

  it('releases and exits 70 on an unhandled rejection', async () => {
    const released: string[] = [];
    const { host, started } = run(async ({ defer }) => defer('http', () => released.push('http')));
    await started;
    host.signal('unhandledRejection', new Error('boom'));
    expect(await host.firstExit).toBe(exitCodes.fatal);
    expect(released).toEqual(['http']);
  });

  it('keeps the code of a crash that happens during an orderly shutdown', async () => {
    let finish = () => {};
    const { host, started } = run(async ({ defer }) => {
      defer('slow', () => new Promise<void>((resolve) => (finish = resolve)));
    });
    await started;
    host.signal('SIGTERM');
    host.signal('uncaughtException', new Error('boom'));
    finish();
    expect(await host.firstExit).toBe(exitCodes.fatal);
  });
});
