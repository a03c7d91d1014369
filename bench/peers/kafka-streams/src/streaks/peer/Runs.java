package streaks.peer;

import java.time.LocalDate;
import java.util.Arrays;

/** Consecutive qualified days, in order. */
final class Runs {
  int count;
  int[] firsts = new int[4];
  int[] lengths = new int[4];
  int longest;
  int qualifiedDays;

  /** Days come in order. */
  void addLast(int day) {
    qualifiedDays++;
    if (count > 0 && firsts[count - 1] + lengths[count - 1] == day) {
      lengths[count - 1]++;
    } else {
      if (count == firsts.length) {
        firsts = Arrays.copyOf(firsts, count * 2);
        lengths = Arrays.copyOf(lengths, count * 2);
      }
      firsts[count] = day;
      lengths[count++] = 1;
    }
    longest = Math.max(longest, lengths[count - 1]);
  }

  int current() {
    return count == 0 ? 0 : lengths[count - 1];
  }

  int lastDay() {
    return firsts[count - 1] + lengths[count - 1] - 1;
  }

  /** As Postgres writes a datemultirange. */
  String asMultirange() {
    StringBuilder text = new StringBuilder("{");
    for (int index = 0; index < count; index++) {
      if (index > 0) text.append(',');
      text.append('[').append(LocalDate.ofEpochDay(firsts[index])).append(',');
      text.append(LocalDate.ofEpochDay(firsts[index] + lengths[index])).append(')');
    }
    return text.append('}').toString();
  }
}
