package streaks.peer;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** The stores' content as the bench compares it, one line of JSON. User ids are ASCII: their order as text is that of their bytes. */
final class Checksum {
  private Checksum() {}

  static String of(KafkaStreams streams, long targetMs) throws Exception {
    ReadOnlyKeyValueStore<String, byte[]> store =
        streams.store(StoreQueryParameters.fromNameAndType(FoldProcessor.STORE, QueryableStoreTypes.<String, byte[]>keyValueStore()));
    Map<String, byte[]> users = new TreeMap<>();
    try (KeyValueIterator<String, byte[]> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, byte[]> next = all.next();
        users.put(next.key, next.value);
      }
    }
    MessageDigest digest = MessageDigest.getInstance("MD5");
    long sessions = 0;
    long days = 0;
    long totalMs = 0;
    long qualifiedDays = 0;
    for (Map.Entry<String, byte[]> user : users.entrySet()) {
      UserState state = UserState.read(user.getValue());
      sessions += state.sessions();
      days += state.days;
      for (int index = 0; index < state.days; index++) totalMs += state.totals[index];
      Runs runs = state.runs(targetMs);
      qualifiedDays += runs.qualifiedDays;
      if (runs.count == 0) continue;
      String line = user.getKey() + " " + runs.asMultirange() + " " + state.timezone + "\n";
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return String.format(
        "{\"sessions\":%d,\"days\":%d,\"totalMs\":%d,\"qualifiedDays\":%d,\"streaksDigest\":\"%s\"}",
        sessions, days, totalMs, qualifiedDays, HexFormat.of().formatHex(digest.digest()));
  }
}
