import type { Socket } from 'node:net';

/** Towards the server (requests) or towards the client (replies). */
export type Direction = 'up' | 'down';

/** Faults of a network, for all connections of a proxy at once. */
export interface Wire {
  /** Every byte takes this long from now on, in each direction; the order stays. */
  delay(latencyMs: number): void;
  /** Nothing arrives in these directions until `heal`; the connections stay open, as where packets are lost. */
  silence(...directions: readonly Direction[]): void;
  /** Ends delay and silence; what was held back arrives, as TCP repeats what was lost. */
  heal(): void;
}

export interface WireState extends Wire {
  readonly latencyMs: () => number;
  readonly isSilent: (direction: Direction) => boolean;
  /** Calls back after each change; returns what ends that. */
  readonly onChange: (listener: () => void) => () => void;
}

export function createWire(): WireState {
  const listeners = new Set<() => void>();
  const silent = new Set<Direction>();
  let latencyMs = 0;
  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };
  return {
    delay: (ms) => {
      latencyMs = ms;
      changed();
    },
    silence: (...directions) => {
      for (const direction of directions) silent.add(direction);
      changed();
    },
    heal: () => {
      silent.clear();
      latencyMs = 0;
      changed();
    },
    latencyMs: () => latencyMs,
    isSilent: (direction) => silent.has(direction),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What may wait in a pipe before its source is asked to pause. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Takes bytes to `target` as the wire allows: in order, each piece when its time has come. */
export function createPipe(source: Socket, target: Socket, direction: Direction, wire: WireState) {
  const queue: { readonly bytes: Buffer; readonly arrivedMs: number }[] = [];
  let waitingBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let isFinished = false;
  const drain = (): void => {
    clearTimeout(timer);
    timer = undefined;
    while (!wire.isSilent(direction)) {
      const next = queue[0];
      if (next === undefined) break;
      const leftMs = next.arrivedMs + wire.latencyMs() - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(drain, Math.ceil(leftMs));
        break;
      }
      queue.shift();
      waitingBytes -= next.bytes.length;
      if (!target.destroyed) target.write(next.bytes);
    }
    if (isFinished && queue.length === 0 && !wire.isSilent(direction)) target.end();
    if (waitingBytes < MAX_WAITING_BYTES && source.isPaused()) source.resume();
  };
  const stopListening = wire.onChange(drain);
  return {
    push: (bytes: Buffer): void => {
      queue.push({ bytes, arrivedMs: performance.now() });
      waitingBytes += bytes.length;
      if (waitingBytes >= MAX_WAITING_BYTES) source.pause();
      drain();
    },
    /** The source has ended: so does the target, after what is on its way. On a silent wire it does not learn of it. */
    finish: (): void => {
      isFinished = true;
      drain();
    },
    close: (): void => {
      clearTimeout(timer);
      stopListening();
      queue.length = 0;
    },
  };
}
