import type { Connections } from '../command-line/connect';
import { EXIT } from '../command-line/outcomes';
import { requireConsent, type Terminal } from '../command-line/terminal';
import type { DeadLettersRequest, HelpRequest, PurgeRequest, ReplayRequest } from './dead-letters-request';
import { formatList, formatListAsJson, listDeadLetters } from './list-dead-letters';
import { createOpenTopics } from './open-topics';
import { countPurgeable, purgeDeadLetters } from './purge';
import { countReplayable, replayDeadLetters } from './replay';
import { findDeadLetters, formatDeadLetter, formatDeadLettersAsJson } from './show-dead-letter';

export interface DeadLettersContext extends Connections {
  readonly terminal: Terminal;
  readonly systemUser: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** What is held in memory at once. */
const PAGE = { rows: 500, bytes: 8_000_000 };
const PURGE_PAGE_ROWS = 5_000;
const DELIVERY_TIMEOUT_MS = 30_000;

/** `npm run dead-letters`. @throws UsageError, RefusedError; anything else means that a server did not answer */
export async function runDeadLetters(
  context: DeadLettersContext,
  request: Exclude<DeadLettersRequest, HelpRequest>,
): Promise<number> {
  const { pool, terminal } = context;
  switch (request.command) {
    case 'list': {
      const list = await listDeadLetters(pool, request.selection, request.limit);
      terminal.print(request.asJson ? formatListAsJson(list) : formatList(list));
      return EXIT.done;
    }
    case 'show': {
      const shown = await findDeadLetters(pool, request.selection, request.limit);
      if (request.asJson) terminal.print(formatDeadLettersAsJson(shown));
      else terminal.print(shown.length === 0 ? 'No such dead letter.' : shown.map(formatDeadLetter).join('\n\n'));
      return shown.length === 0 ? EXIT.refused : EXIT.done;
    }
    case 'replay':
      return await replay(context, request);
    case 'purge':
      return await purge(context, request);
  }
}

async function replay(context: DeadLettersContext, request: ReplayRequest): Promise<number> {
  const { pool, terminal } = context;
  const found = await countReplayable(pool, request.selection, request.again);
  const count = Math.min(found, request.limit ?? found);
  if (count === 0) {
    terminal.print('Nothing to replay. (What was replayed before, or came from a replay, is taken with --again.)');
    return EXIT.done;
  }
  terminal.print(`${count} of the dead letters are published to their topic again, byte by byte.`);
  await requireConsent(terminal, request.isAgreed);
  const topics = createOpenTopics(context, PAGE, { deliveryTimeoutMs: DELIVERY_TIMEOUT_MS, now: context.now });
  try {
    const { replayed, refused } = await replayDeadLetters(
      {
        pool,
        openTopic: topics.openTopic,
        limits: PAGE,
        onProgress: (sofar) => terminal.note(`${sofar.replayed} of ${count} replayed`),
      },
      { ...request, actor: request.actor ?? context.systemUser },
    );
    for (const line of refused) terminal.note(`not replayed: ${line}`);
    terminal.print(`Done: ${replayed} replayed, ${refused.length} refused by Kafka.`);
    return refused.length === 0 ? EXIT.done : EXIT.refused;
  } finally {
    await topics.close();
  }
}

async function purge(context: DeadLettersContext, request: PurgeRequest): Promise<number> {
  const { pool, terminal } = context;
  const { published, unpublished } = await countPurgeable(pool, request.selection);
  if (unpublished > 0) terminal.print(`${unpublished} are not published to Kafka yet and stay.`);
  if (published === 0) {
    terminal.print('Nothing to delete.');
    return EXIT.done;
  }
  terminal.print(`${published} of the dead letters are DELETED, with their bytes.`);
  await requireConsent(terminal, request.isAgreed);
  const deleted = await purgeDeadLetters(pool, {
    selection: request.selection,
    actor: request.actor ?? context.systemUser,
    pageRows: PURGE_PAGE_ROWS,
    onProgress: (total) => terminal.note(`${total} of ${published} deleted`),
  });
  terminal.print(`Done: ${deleted} deleted.`);
  return EXIT.done;
}
