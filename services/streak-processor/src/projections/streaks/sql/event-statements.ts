import { type EventColumns, toMs } from './event-table';

interface Prepared {
  readonly name: string;
  readonly text: string;
}

/** The statements on a table of events: the same ones for every table. */
export interface EventStatements {
  /** Parameters: users, ids. Rows: `ord`, and `stored`: record time, time zone, instants. */
  readonly find: Prepared;
  readonly copy: string;
  /** Parameters: users, ids, instants, zones, record times. Rows: those that were inserted. */
  readonly insert: Prepared;
  /** Parameters: users, ids, record times. */
  readonly raise: Prepared;
}

const known = new Map<string, EventStatements>();

export function eventStatements(table: EventColumns): EventStatements {
  let statements = known.get(table.name);
  if (statements === undefined) {
    statements = write(table);
    known.set(table.name, statements);
  }
  return statements;
}

function write({ name, idColumn, instants }: EventColumns): EventStatements {
  const instantColumns = instants.map(({ column }) => column);
  const columns = ['user_id', idColumn, ...instantColumns, 'timezone', 'record_time'].join(', ');
  const timezonePlace = 3 + instants.length;
  const arrays = [
    '$1::text[], $2::text[]',
    ...instants.map((_, index) => `$${3 + index}::timestamptz[]`),
    `$${timezonePlace}::text[], $${timezonePlace + 1}::timestamptz[]`,
  ].join(', ');
  return {
    // The subquery with OFFSET is one look-up by key per id, whatever the planner believes of the table's size.
    find: {
      name: `streaks_find_${name}`,
      text: `
        SELECT k.ord::int AS ord, concat_ws(' ', ${toMs('s.record_time')}, s.timezone, ${instantColumns.map((column) => toMs(`s.${column}`)).join(', ')}) AS stored
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(user_id, id, ord)
        CROSS JOIN LATERAL (
          SELECT ${instantColumns.join(', ')}, timezone, record_time FROM ${name} e
          WHERE e.user_id = k.user_id AND e.${idColumn} = k.id OFFSET 0
        ) AS s`,
    },
    copy: `COPY ${name} (${columns}) FROM STDIN (FORMAT binary)`,
    insert: {
      name: `streaks_insert_${name}`,
      text: `
        INSERT INTO ${name} (${columns})
        SELECT ${columns} FROM unnest(${arrays}) WITH ORDINALITY AS k(${columns}, ord)
        ORDER BY ord
        ON CONFLICT DO NOTHING
        RETURNING user_id, ${idColumn} AS id`,
    },
    // MERGE for its plan: one look-up by key per id in their order, as for daily totals.
    raise: {
      name: `streaks_raise_${name}`,
      text: `
        MERGE INTO ${name} e
        USING (SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS k(user_id, id, record_time, ord) OFFSET 0) AS k
        ON e.user_id = k.user_id AND e.${idColumn} = k.id
        WHEN MATCHED AND e.record_time < k.record_time THEN UPDATE SET record_time = k.record_time
        WHEN NOT MATCHED AND k.ord < 0 THEN INSERT (user_id) VALUES (k.user_id)`,
    },
  };
}
