package streaks.peer;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The changes of one transaction: of totals and streaks the last of each, of the history all. */
final class SinkBatch {
  private record DayKey(String userId, int day) {}

  private record Versioned(String userId, Change change) {}

  private static final String UPSERT_DAYS =
      "INSERT INTO daily_totals (user_id, local_date, total) SELECT * FROM unnest(?::text[], ?::date[], ?::bigint[])"
          + " ON CONFLICT (user_id, local_date) DO UPDATE SET total = excluded.total";
  private static final String UPSERT_STREAKS =
      "INSERT INTO user_streaks (user_id, runs, current_run_length, longest_run_length, last_qualified_date, qualified_days_count,"
          + " timezone, version) SELECT u, r::datemultirange, c, l, d, q, t, v FROM unnest(?::text[], ?::text[], ?::int[], ?::int[],"
          + " ?::date[], ?::int[], ?::text[], ?::bigint[]) AS s(u, r, c, l, d, q, t, v)"
          + " ON CONFLICT (user_id) DO UPDATE SET runs = excluded.runs, current_run_length = excluded.current_run_length,"
          + " longest_run_length = excluded.longest_run_length, last_qualified_date = excluded.last_qualified_date,"
          + " qualified_days_count = excluded.qualified_days_count, timezone = excluded.timezone, version = excluded.version";
  private static final String INSERT_HISTORY =
      "INSERT INTO streak_history (user_id, version, change_type, qualified_date, current_before, current_after, longest_before,"
          + " longest_after, qualified_days_before, qualified_days_after) SELECT * FROM unnest(?::text[], ?::bigint[], ?::text[],"
          + " ?::date[], ?::int[], ?::int[], ?::int[], ?::int[], ?::int[], ?::int[])";

  private final Map<DayKey, Long> days = new LinkedHashMap<>();
  private final Map<String, Change> streaks = new TreeMap<>();
  private final List<Versioned> history = new ArrayList<>();

  void add(String userId, Change change) {
    for (int index = 0; index < change.days.length; index++) {
      days.put(new DayKey(userId, change.days[index]), change.totals[index]);
    }
    if (change.version == 0) return;
    streaks.put(userId, change);
    history.add(new Versioned(userId, change));
  }

  void write(Connection connection) throws SQLException {
    List<Map.Entry<DayKey, Long>> totals = new ArrayList<>(days.entrySet());
    execute(connection, UPSERT_DAYS, new String[] {"text", "text", "bigint"}, new Object[][] {
        totals.stream().map(entry -> entry.getKey().userId()).toArray(),
        totals.stream().map(entry -> date(entry.getKey().day())).toArray(),
        totals.stream().map(Map.Entry::getValue).toArray()});
    if (streaks.isEmpty()) return;
    Change[] changes = streaks.values().toArray(new Change[0]);
    execute(connection, UPSERT_STREAKS, new String[] {"text", "text", "int4", "int4", "text", "int4", "text", "int8"}, new Object[][] {
        streaks.keySet().toArray(),
        column(changes, change -> change.runs.asMultirange()),
        column(changes, change -> change.runs.current()),
        column(changes, change -> change.runs.longest),
        column(changes, change -> date(change.runs.lastDay())),
        column(changes, change -> change.runs.qualifiedDays),
        column(changes, change -> change.timezone),
        column(changes, change -> (long) change.version)});
    Change[] rows = history.stream().map(Versioned::change).toArray(Change[]::new);
    execute(connection, INSERT_HISTORY,
        new String[] {"text", "int8", "text", "text", "int4", "int4", "int4", "int4", "int4", "int4"}, new Object[][] {
            history.stream().map(Versioned::userId).toArray(),
            column(rows, change -> (long) change.version),
            column(rows, Change::type),
            column(rows, change -> date(change.qualifiedDay)),
            column(rows, change -> change.currentBefore),
            column(rows, change -> change.runs.current()),
            column(rows, change -> change.longestBefore),
            column(rows, change -> change.runs.longest),
            column(rows, change -> change.qualifiedDaysBefore),
            column(rows, change -> change.runs.qualifiedDays)});
  }

  private interface Column {
    Object of(Change change);
  }

  private static Object[] column(Change[] changes, Column column) {
    Object[] values = new Object[changes.length];
    for (int index = 0; index < changes.length; index++) values[index] = column.of(changes[index]);
    return values;
  }

  private static String date(int epochDay) {
    return LocalDate.ofEpochDay(epochDay).toString();
  }

  private static void execute(Connection connection, String sql, String[] types, Object[][] columns) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int index = 0; index < columns.length; index++) {
        Array array = connection.createArrayOf(types[index], columns[index]);
        statement.setArray(index + 1, array);
      }
      statement.executeUpdate();
    }
  }
}
