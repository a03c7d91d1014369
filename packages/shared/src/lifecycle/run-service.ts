import type { Logger } from '../observability/create-logger';

/** What a service's `start` is given to build itself with. */
export type ServiceResources = {
  /** Registers how to let go of something just acquired. Releasers run in reverse order, each exactly once. */
  defer(name: string, close: () => Promise<unknown> | unknown): void;
  /** From here on lifecycle events go to the service's log instead of standard error. */
  useLogger(logger: Logger): void;
  /** Replaces the deadline of the options once the settings are known. */
  setShutdownDeadlineMs(deadlineMs: number): void;
  /** Ends the process with exit code 70 after the releasers ran: an error that a restart has to cure. */
  fatal(error: unknown): void;
};

/** The part of `process` that is used; a test passes its own. */
export type ProcessHost = {
  on(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
  writeError(line: string): void;
};

export type ServiceOptions = {
  readonly name: string;
  readonly start: (resources: ServiceResources) => Promise<void>;
  /** Releasing longer than this ends the process anyway, with exit code 70. */
  readonly shutdownDeadlineMs: number;
  readonly host?: ProcessHost;
};

export const exitCodes = { stopped: 0, startFailed: 1, fatal: 70 } as const;

type Releaser = { readonly name: string; readonly close: () => Promise<unknown> | unknown };

/**
 * Runs a service for the life of the process.
 *
 * SIGTERM or SIGINT: releasers in reverse, exit 0. A second signal: exit at once, code 70. A start that fails: what was
 * acquired is released, one clear line, exit 1. An unhandled rejection or exception: logged, released, exit 70.
 */
export function runService(options: ServiceOptions): Promise<void> {
  const host = options.host ?? nodeHost();
  const releasers: Releaser[] = [];
  let logger: Logger | undefined;
  let stopping: { code: number } | undefined;
  let { shutdownDeadlineMs } = options;

  const say = (event: string, fields: Record<string, unknown>, level: 'info' | 'error') => {
    if (logger !== undefined) logger[level](fields, event);
    else if (level === 'error') host.writeError(`${options.name}: ${lineOf(fields['error']) || event}`);
  };

  const release = async () => {
    for (let releaser = releasers.pop(); releaser !== undefined; releaser = releasers.pop()) {
      try {
        await releaser.close();
      } catch (error) {
        say('release_failed', { resource: releaser.name, error: lineOf(error) }, 'error');
      }
    }
  };

  const stop = async (code: number) => {
    if (stopping !== undefined) {
      // A crash during an orderly shutdown must still show in the exit code.
      stopping.code = Math.max(stopping.code, code);
      return;
    }
    stopping = { code };
    const deadline = setTimeout(() => {
      say('shutdown_deadline_passed', { waitingFor: releasers.length }, 'error');
      host.exit(exitCodes.fatal);
    }, shutdownDeadlineMs);
    await release();
    clearTimeout(deadline);
    // A failed start has said its one line; a last word after it would hide it from whoever shows the last line.
    if (stopping.code !== exitCodes.startFailed) say('service_stopped', { exitCode: stopping.code }, 'info');
    host.exit(stopping.code);
  };

  const onSignal = (signal: string) => {
    if (stopping !== undefined) return host.exit(exitCodes.fatal);
    say('shutdown_started', { signal }, 'info');
    void stop(exitCodes.stopped);
  };
  const fatal = (error: unknown) => {
    say('fatal_error', { error: lineOf(error), stack: error instanceof Error ? error.stack : undefined }, 'error');
    void stop(exitCodes.fatal);
  };
  host.on('SIGTERM', () => onSignal('SIGTERM'));
  host.on('SIGINT', () => onSignal('SIGINT'));
  host.on('unhandledRejection', fatal);
  host.on('uncaughtException', fatal);

  const resources: ServiceResources = {
    defer(name, close) {
      releasers.push({ name, close });
      // A signal during start may have emptied the stack already; what was acquired since must be let go of too.
      if (stopping !== undefined) void release();
    },
    useLogger(given) {
      logger = given;
    },
    setShutdownDeadlineMs(deadlineMs) {
      shutdownDeadlineMs = deadlineMs;
    },
    fatal,
  };
  return options.start(resources).catch((error: unknown) => {
    // While stopping, a start that trips over its released resources is no news.
    if (stopping !== undefined) return;
    host.writeError(`${options.name} cannot start: ${lineOf(error)}`);
    return stop(exitCodes.startFailed);
  });
}

function lineOf(error: unknown): string {
  if (error === undefined) return '';
  return error instanceof Error ? error.message : String(error);
}

/** The process itself. */
export function nodeHost(): ProcessHost {
  return {
    on: (event, listener) => process.on(event, listener),
    exit: (code) => process.exit(code),
    writeError: (line) => process.stderr.write(`${line}\n`),
  };
}
