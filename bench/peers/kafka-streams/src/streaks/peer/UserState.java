package streaks.peer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * All that is kept of a user, as one value of the store: version, zone, days with their totals in order, and the ids of the
 * sessions seen. One value instead of one store for each of them is what SQL-less folding is fastest with.
 */
final class UserState {
  int version;
  String timezone = "";
  int days;
  int[] dayNumbers = new int[4];
  long[] totals = new long[4];
  /** One byte of length and the bytes, id after id. Looked through as it is; a user has few sessions. */
  private byte[] ids = new byte[0];

  static UserState read(byte[] stored) {
    UserState state = new UserState();
    if (stored == null) return state;
    ByteBuffer in = ByteBuffer.wrap(stored);
    state.version = in.getInt();
    byte[] zone = new byte[in.get()];
    in.get(zone);
    state.timezone = new String(zone, StandardCharsets.ISO_8859_1);
    state.days = in.getInt();
    state.dayNumbers = new int[state.days + 2];
    state.totals = new long[state.days + 2];
    for (int index = 0; index < state.days; index++) {
      state.dayNumbers[index] = in.getInt();
      state.totals[index] = in.getLong();
    }
    state.ids = Arrays.copyOfRange(stored, in.position(), stored.length);
    return state;
  }

  byte[] toBytes() {
    byte[] zone = timezone.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer out = ByteBuffer.allocate(4 + 1 + zone.length + 4 + days * 12 + ids.length);
    out.putInt(version).put((byte) zone.length).put(zone).putInt(days);
    for (int index = 0; index < days; index++) out.putInt(dayNumbers[index]).putLong(totals[index]);
    return out.put(ids).array();
  }

  /** False when the id was there already. */
  boolean addId(byte[] id) {
    for (int at = 0; at < ids.length; at += 1 + (ids[at] & 0xff)) {
      int end = at + 1 + (ids[at] & 0xff);
      if (Arrays.equals(ids, at + 1, end, id, 0, id.length)) return false;
    }
    int length = ids.length;
    ids = Arrays.copyOf(ids, length + 1 + id.length);
    ids[length] = (byte) id.length;
    System.arraycopy(id, 0, ids, length + 1, id.length);
    return true;
  }

  int sessions() {
    int count = 0;
    for (int at = 0; at < ids.length; at += 1 + (ids[at] & 0xff)) count++;
    return count;
  }

  /** The total of the day after it. */
  long addToDay(int day, long milliseconds) {
    int index = Arrays.binarySearch(dayNumbers, 0, days, day);
    if (index >= 0) return totals[index] += milliseconds;
    int at = -index - 1;
    if (days == dayNumbers.length) {
      dayNumbers = Arrays.copyOf(dayNumbers, days * 2);
      totals = Arrays.copyOf(totals, days * 2);
    }
    System.arraycopy(dayNumbers, at, dayNumbers, at + 1, days - at);
    System.arraycopy(totals, at, totals, at + 1, days - at);
    dayNumbers[at] = day;
    totals[at] = milliseconds;
    days++;
    return milliseconds;
  }

  Runs runs(long targetMs) {
    Runs runs = new Runs();
    for (int index = 0; index < days; index++) if (totals[index] >= targetMs) runs.addLast(dayNumbers[index]);
    return runs;
  }
}
