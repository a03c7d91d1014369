import { copyIn } from '@streaks/exactly-once/binary/copy-in';
import type { ClientBase } from 'pg';
import type { KnownKeys } from '../memory/known-keys';

const UNIQUE_VIOLATION = '23505';

/**
 * Copies rows that are taken to be new. Where one is there already the statement fails with 23505 and the transaction has
 * to be repeated; `believed` are the keys whose absence was believed without looking, and is told of it.
 */
export async function copyNewRows(
  client: ClientBase,
  statement: string,
  data: Buffer,
  believed: KnownKeys | undefined,
): Promise<void> {
  try {
    await copyIn(client, statement, data);
  } catch (error) {
    if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) believed?.surprised();
    throw error;
  }
}
