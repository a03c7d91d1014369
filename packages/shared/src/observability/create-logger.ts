import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

export type LoggerOptions = {
  /** The `service` field of every line. */
  readonly service: string;
  readonly level: string;
  /** Standard output when absent. */
  readonly destination?: DestinationStream;
};

/** JSON lines with time in ISO 8601. Messages are constant snake_case events; what varies goes in fields. */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
