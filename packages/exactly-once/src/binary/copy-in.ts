import type { ClientBase, Connection, Submittable } from 'pg';

/** The part of pg's connection that speaks COPY; its types leave it out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

const NOT_A_COPY = 'the statement is no COPY … FROM STDIN';

/**
 * Runs `COPY … FROM STDIN` with all its data in one Buffer and returns the number of rows.
 *
 * Not a stream, because a stream can outlive its statement: where the server refuses a row (23505) while data still waits
 * in the socket, pg-copy-streams goes on writing to a connection it has let go of, which ends the process.
 */
export function copyIn(client: ClientBase, statement: string, data: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let rowCount = 0;
    const query: Submittable & { callback?: () => void } & Record<string, unknown> = {
      submit(connection: Connection) {
        connection.query(statement);
      },
      handleCopyInResponse(connection: CopyConnection) {
        connection.sendCopyFromChunk(data);
        connection.endCopyFrom();
      },
      handleCommandComplete({ text }: { readonly text: string }) {
        rowCount = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
      },
      handleError(error: Error) {
        query.callback?.();
        reject(error);
      },
      handleReadyForQuery() {
        // Where the pool has a query_timeout, pg puts its timer's end here: left to run, it would keep the data for as long.
        query.callback?.();
        resolve(rowCount);
      },
      handleRowDescription: () => reject(new TypeError(NOT_A_COPY)),
      handleDataRow: () => undefined,
      handleEmptyQuery: () => reject(new TypeError(NOT_A_COPY)),
    };
    client.query(query);
  });
}
