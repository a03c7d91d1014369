package streaks.peer;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.Map;

/** Splits a session at the midnights of its zone. Of one thread. */
final class LocalDays {
  interface Sink {
    void add(int epochDay, long milliseconds);
  }

  private final Map<String, ZoneId> zones = new HashMap<>();

  void split(Session session, Sink sink) {
    ZoneId zone = zones.computeIfAbsent(session.timezone, ZoneId::of);
    LocalDate day = LocalDate.ofInstant(Instant.ofEpochMilli(session.startMs), zone);
    long fromMs = session.startMs;
    while (fromMs < session.endMs) {
      LocalDate next = day.plusDays(1);
      // Where clocks go back over midnight this is the first of the two; where midnight is missing, the first instant after it.
      long midnightMs = next.atStartOfDay(zone).toInstant().toEpochMilli();
      long toMs = Math.min(midnightMs, session.endMs);
      if (toMs > fromMs) sink.add((int) day.toEpochDay(), toMs - fromMs);
      fromMs = Math.max(fromMs, toMs);
      day = next;
    }
  }
}
