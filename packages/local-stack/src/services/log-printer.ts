import pc from 'picocolors';
import { prettyFactory } from 'pino-pretty';

const PREFIX_WIDTH = 'streak-processor'.length;
const WARN = 40;

export type LogPrinter = {
  print(service: string, line: string): void;
  /** From now on everything is shown; before that only warnings and what is not a log record. */
  showAll(): void;
};

/** Prints the JSON log lines of several services as text a person can follow, each after its service's name. */
export function createLogPrinter(write: (text: string) => void, useColors: boolean): LogPrinter {
  const colors = pc.createColors(useColors);
  const paint = [colors.cyan, colors.magenta, colors.green, colors.yellow];
  const services: string[] = [];
  const format = prettyFactory({
    colorize: useColors,
    ignore: 'pid,hostname,service,name',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  let isAllShown = false;
  return {
    print(service, line) {
      const level = readLevel(line);
      if (!isAllShown && level !== null && level < WARN) return;
      if (!services.includes(service)) services.push(service);
      const color = paint[services.indexOf(service) % paint.length] ?? String;
      const prefix = color(`${service.padEnd(PREFIX_WIDTH)} |`);
      for (const text of format(line).trimEnd().split('\n')) write(`${prefix} ${text}\n`);
    },
    showAll() {
      isAllShown = true;
    },
  };
}

/** pino's number of the level, its name in some set-ups; null when the line is not a log record. */
function readLevel(line: string): number | null {
  if (!line.startsWith('{')) return null;
  try {
    const { level } = JSON.parse(line) as { level?: unknown };
    if (typeof level === 'string') return level === 'info' || level === 'debug' || level === 'trace' ? 0 : WARN;
    return typeof level === 'number' ? level : null;
  } catch {
    return null;
  }
}
