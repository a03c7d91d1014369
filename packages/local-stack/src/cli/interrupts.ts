/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP. Another SIGINT later than a second after it calls `force`: the terminal and npm both pass on the same Ctrl-C,
 * so two that come together are one.
 */
export function onInterrupt(force: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | null = null;
    const handle = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (firstAt === null) {
        firstAt = now;
        resolve(signal);
      } else if (now - firstAt > 1_000 && signal !== 'SIGHUP') {
        force();
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
  });
}
