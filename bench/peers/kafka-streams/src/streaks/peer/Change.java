package streaks.peer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a session changed, as it goes to the output topic: the totals of its days, and the streak when a day came to qualify. */
final class Change {
  int[] days;
  long[] totals;
  /** 0: no streak changed, and what follows is not there. */
  int version;
  String timezone;
  int qualifiedDay;
  int currentBefore;
  int longestBefore;
  int qualifiedDaysBefore;
  Runs runs;

  byte[] toBytes() {
    byte[] zone = version == 0 ? new byte[0] : timezone.getBytes(StandardCharsets.ISO_8859_1);
    int streakBytes = version == 0 ? 0 : 1 + zone.length + 16 + 4 + runs.count * 8;
    ByteBuffer out = ByteBuffer.allocate(1 + days.length * 12 + 4 + streakBytes);
    out.put((byte) days.length);
    for (int index = 0; index < days.length; index++) out.putInt(days[index]).putLong(totals[index]);
    out.putInt(version);
    if (version == 0) return out.array();
    out.put((byte) zone.length).put(zone);
    out.putInt(qualifiedDay).putInt(currentBefore).putInt(longestBefore).putInt(qualifiedDaysBefore).putInt(runs.count);
    for (int index = 0; index < runs.count; index++) out.putInt(runs.firsts[index]).putInt(runs.lengths[index]);
    return out.array();
  }

  static Change read(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    Change change = new Change();
    int count = in.get();
    change.days = new int[count];
    change.totals = new long[count];
    for (int index = 0; index < count; index++) {
      change.days[index] = in.getInt();
      change.totals[index] = in.getLong();
    }
    change.version = in.getInt();
    if (change.version == 0) return change;
    byte[] zone = new byte[in.get()];
    in.get(zone);
    change.timezone = new String(zone, StandardCharsets.ISO_8859_1);
    change.qualifiedDay = in.getInt();
    change.currentBefore = in.getInt();
    change.longestBefore = in.getInt();
    change.qualifiedDaysBefore = in.getInt();
    change.runs = new Runs();
    int runCount = in.getInt();
    for (int index = 0; index < runCount; index++) {
      int first = in.getInt();
      int length = in.getInt();
      for (int day = first; day < first + length; day++) change.runs.addLast(day);
    }
    return change;
  }

  String type() {
    if (qualifiedDaysBefore == 0) return "FIRST_ACTIVITY";
    if (runs.lastDay() != qualifiedDay) return "STREAK_RECOVERED";
    if (runs.current() == 1) return "STREAK_RESET";
    return runs.current() == currentBefore + 1 ? "STREAK_INCREMENT" : "STREAK_RECOVERED";
  }
}
