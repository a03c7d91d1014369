package streaks.peer;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Session by session: drops repeats, adds to the days, and tells what changed. */
final class FoldProcessor implements Processor<byte[], byte[], String, byte[]> {
  static final String STORE = "users";

  private record Part(int day, long total) {}

  private final long targetMs;
  private final boolean emitsTotals;
  private final LocalDays localDays = new LocalDays();
  private ProcessorContext<String, byte[]> context;
  private KeyValueStore<String, byte[]> users;

  FoldProcessor(long targetMs, boolean emitsTotals) {
    this.targetMs = targetMs;
    this.emitsTotals = emitsTotals;
  }

  @Override
  public void init(ProcessorContext<String, byte[]> context) {
    this.context = context;
    this.users = context.getStateStore(STORE);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    Session session = Session.read(record.value());
    UserState state = UserState.read(users.get(session.userId));
    if (!state.addId(session.id)) return;
    Runs before = state.runs(targetMs);
    List<Part> parts = new ArrayList<>(2);
    int[] qualified = {Integer.MIN_VALUE};
    localDays.split(session, (day, milliseconds) -> {
      long total = state.addToDay(day, milliseconds);
      if (total >= targetMs && total - milliseconds < targetMs) qualified[0] = day;
      parts.add(new Part(day, total));
    });
    state.timezone = session.timezone;
    boolean changed = qualified[0] != Integer.MIN_VALUE;
    if (changed) state.version++;
    users.put(session.userId, state.toBytes());
    if (!changed && !emitsTotals) return;
    Change change = new Change();
    change.days = parts.stream().mapToInt(Part::day).toArray();
    change.totals = parts.stream().mapToLong(Part::total).toArray();
    if (changed) {
      change.version = state.version;
      change.timezone = state.timezone;
      change.qualifiedDay = qualified[0];
      change.currentBefore = before.current();
      change.longestBefore = before.longest;
      change.qualifiedDaysBefore = before.qualifiedDays;
      change.runs = state.runs(targetMs);
    }
    context.forward(new Record<>(session.userId, change.toBytes(), record.timestamp()));
  }
}
