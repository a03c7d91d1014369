import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { createLogger } from '../../observability/create-logger';
import { createRegistry } from '../../observability/create-registry';
import { nodeHost, type ProcessHost, runService, type ServiceResources } from '../run-service';
import { createServicePeers, type ServicePeers } from './service-peers';
import { superviseWorkers, type WorkerSupervisor } from './supervise-workers';
import { isWorkerMessage, type WorkerMessage } from './worker-messages';

/** The settings that the processes of a service have in common. */
export type HttpServiceSettings = { readonly HTTP_WORKERS: number; readonly LOG_LEVEL: string };

export type HttpServiceOptions<Settings extends HttpServiceSettings> = {
  readonly name: string;
  /** Reads and checks the settings; what it throws is shown in one line. */
  readonly readSettings: () => Settings;
  readonly shutdownDeadlineMs: (settings: Settings) => number;
  /** Builds the service in one process. `peers` is there where it is one of several. */
  readonly start: (resources: ServiceResources, settings: Settings, peers: ServicePeers | undefined) => Promise<void>;
};

/** What a shutdown may take longer than that of the slowest worker. */
const primaryMarginMs = 2_000;
/** Until the settings are read. */
const firstDeadlineMs = 20_000;

/**
 * Runs a service as one process, or (`HTTP_WORKERS`) as a primary that serves nothing and supervises workers which share
 * the port. SIGTERM and SIGINT go to the primary, which has the workers drain; a second signal kills them. Workers ignore
 * signals, for a terminal sends Ctrl-C to all of them and the second one would cut the drain short. They end when the
 * primary is gone.
 */
export function runHttpService<Settings extends HttpServiceSettings>(
  options: HttpServiceOptions<Settings>,
): Promise<void> {
  if (cluster.isWorker) return runWorker(options);
  let supervisor: WorkerSupervisor | undefined;
  const host = nodeHost();
  return runService({
    name: options.name,
    shutdownDeadlineMs: firstDeadlineMs,
    host: {
      ...host,
      exit(code) {
        supervisor?.kill();
        host.exit(code);
      },
    },
    async start(resources) {
      const settings = options.readSettings();
      const count = settings.HTTP_WORKERS === 0 ? availableParallelism() : settings.HTTP_WORKERS;
      const deadlineMs = options.shutdownDeadlineMs(settings);
      resources.setShutdownDeadlineMs(count === 1 ? deadlineMs : deadlineMs + primaryMarginMs);
      if (count === 1) return options.start(resources, settings, undefined);
      const logger = createLogger({ service: options.name, level: settings.LOG_LEVEL });
      resources.useLogger(logger);
      const workers = superviseWorkers({
        count,
        logger,
        registry: createRegistry(options.name),
        onBadEnd: resources.fatal,
      });
      supervisor = workers;
      resources.defer('workers', workers.stop);
      try {
        await workers.start();
      } catch (error) {
        throw new Error(withoutName(options.name, error));
      }
      logger.info({ workers: count }, 'workers_started');
    },
  });
}

function runWorker<Settings extends HttpServiceSettings>(options: HttpServiceOptions<Settings>): Promise<void> {
  const host = nodeHost();
  const send = (message: WorkerMessage) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  };
  return runService({
    name: options.name,
    shutdownDeadlineMs: firstDeadlineMs,
    host: { ...host, on: listenAsWorker(host), writeError: (line) => send({ streaks: 'said', line }) },
    async start(resources) {
      const settings = options.readSettings();
      resources.setShutdownDeadlineMs(options.shutdownDeadlineMs(settings));
      const peers = createServicePeers({ on: (event, listener) => process.on(event, listener), send });
      await options.start(resources, settings, peers);
      send({ streaks: 'started' });
    },
  });
}

/** The primary's word to stop stands for the signals. */
function listenAsWorker(host: ProcessHost): ProcessHost['on'] {
  return (event, listener) => {
    if (event !== 'SIGTERM' && event !== 'SIGINT') return host.on(event, listener);
    host.on(event, () => undefined);
    if (event === 'SIGTERM') {
      host.on('message', (message) => {
        if (isWorkerMessage(message) && message.streaks === 'stop') listener(undefined);
      });
    }
    return undefined;
  };
}

/** A worker's line leads with the name of the service already. */
function withoutName(name: string, error: unknown): string {
  const line = error instanceof Error ? error.message : String(error);
  return line.replace(`${name} cannot start: `, '');
}
