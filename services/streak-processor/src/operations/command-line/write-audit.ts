import type { ClientBase } from 'pg';
import { formatJson } from './table';

export interface AuditEntry {
  readonly actor: string;
  /** As typed: `partitions accept-gap`. */
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly before: unknown;
  readonly after: unknown;
}

/** One row of what an operator did, in the transaction that does it: neither is ever there without the other. */
export async function writeAudit(client: ClientBase, entry: AuditEntry): Promise<void> {
  await client.query(
    'INSERT INTO operator_audit (actor, command, arguments, before, after) VALUES ($1, $2, $3, $4, $5)',
    [
      entry.actor,
      entry.command,
      formatJson(entry.arguments),
      formatJson(entry.before ?? null),
      formatJson(entry.after ?? null),
    ],
  );
}
