package streaks.peer;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * The output topic into Postgres by batch upserts, with the position in the same transaction. Arguments: brokers, topic, its number of
 * partitions, JDBC address, threads. Prints RUNNING once its tables are there; the end of its input ends it.
 */
public final class SinkMain {
  private static final String[] TABLES = {
    "CREATE TABLE daily_totals (user_id text COLLATE \"C\", local_date date, total bigint NOT NULL, PRIMARY KEY (user_id, local_date))",
    "CREATE TABLE user_streaks (user_id text COLLATE \"C\" PRIMARY KEY, runs datemultirange NOT NULL, current_run_length int NOT NULL,"
        + " longest_run_length int NOT NULL, last_qualified_date date, qualified_days_count int NOT NULL, timezone text NOT NULL,"
        + " version bigint NOT NULL)",
    "CREATE TABLE streak_history (user_id text COLLATE \"C\", version bigint, change_type text NOT NULL, qualified_date date,"
        + " current_before int, current_after int, longest_before int, longest_after int, qualified_days_before int,"
        + " qualified_days_after int, PRIMARY KEY (user_id, version))",
    "CREATE TABLE sink_progress (partition int PRIMARY KEY, next_offset bigint NOT NULL, records bigint NOT NULL)",
  };
  private static final String ADVANCE =
      "UPDATE sink_progress SET next_offset = ?, records = records + ? WHERE partition = ?";

  private SinkMain() {}

  public static void main(String[] args) throws Exception {
    int partitions = Integer.parseInt(args[2]);
    int threads = Integer.parseInt(args[4]);
    try (Connection connection = DriverManager.getConnection(args[3])) {
      for (String table : TABLES) connection.createStatement().execute(table);
      for (int partition = 0; partition < partitions; partition++) {
        connection.createStatement().execute("INSERT INTO sink_progress VALUES (" + partition + ", 0, 0)");
      }
    }
    AtomicBoolean ending = new AtomicBoolean();
    List<Thread> lanes = new ArrayList<>();
    for (int lane = 0; lane < threads; lane++) {
      List<TopicPartition> owned = new ArrayList<>();
      for (int partition = lane; partition < partitions; partition += threads) owned.add(new TopicPartition(args[1], partition));
      Thread thread = new Thread(() -> {
        try {
          run(args[0], args[3], owned, ending);
        } catch (Exception error) {
          System.err.println(error);
          Runtime.getRuntime().halt(1);
        }
      });
      thread.start();
      lanes.add(thread);
    }
    System.out.println("RUNNING");
    while (System.in.read() >= 0) {}
    ending.set(true);
    for (Thread lane : lanes) lane.join();
  }

  private static void run(String brokers, String database, List<TopicPartition> owned, AtomicBoolean ending) throws Exception {
    Properties settings = new Properties();
    settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 10_000);
    settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 16 * 1024 * 1024);
    try (KafkaConsumer<String, byte[]> consumer =
            new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
        Connection connection = DriverManager.getConnection(database)) {
      connection.setAutoCommit(false);
      consumer.assign(owned);
      for (TopicPartition partition : owned) consumer.seek(partition, 0);
      while (!ending.get()) {
        ConsumerRecords<String, byte[]> records = consumer.poll(Duration.ofMillis(100));
        if (!records.isEmpty()) apply(connection, records);
      }
    }
  }

  private static void apply(Connection connection, ConsumerRecords<String, byte[]> records) throws SQLException {
    SinkBatch batch = new SinkBatch();
    for (ConsumerRecord<String, byte[]> record : records) batch.add(record.key(), Change.read(record.value()));
    batch.write(connection);
    try (PreparedStatement advance = connection.prepareStatement(ADVANCE)) {
      for (TopicPartition partition : records.partitions()) {
        List<ConsumerRecord<String, byte[]>> ofPartition = records.records(partition);
        advance.setLong(1, ofPartition.get(ofPartition.size() - 1).offset() + 1);
        advance.setInt(2, ofPartition.size());
        advance.setInt(3, partition.partition());
        advance.addBatch();
      }
      advance.executeBatch();
    }
    connection.commit();
  }
}
