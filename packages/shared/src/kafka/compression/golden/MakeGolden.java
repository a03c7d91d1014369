import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** create | produce | delete BROKERS TOPIC [CODEC]. The records are those of golden-records.ts. */
public class MakeGolden {
  static final int RECORDS = 600;

  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[1]);
    switch (args[0]) {
      case "create" -> {
        try (Admin admin = Admin.create(settings)) {
          admin.createTopics(List.of(new NewTopic(args[2], Optional.of(1), Optional.empty()))).all().get();
        }
      }
      case "delete" -> {
        try (Admin admin = Admin.create(settings)) {
          admin.deleteTopics(List.of(args[2])).all().get();
        }
      }
      default -> produce(settings, args[2], args[3]);
    }
  }

  static void produce(Properties settings, String topic, String codec) throws Exception {
    settings.put("compression.type", codec);
    settings.put("batch.size", 400_000);
    settings.put("linger.ms", 500);
    try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int index = 0; index < RECORDS; index++) {
        producer.send(new ProducerRecord<>(topic, ("user-" + index).getBytes(StandardCharsets.UTF_8), value(index)));
      }
    }
  }

  static byte[] value(int index) {
    if (index % 40 == 0) return noise(index, 3000);
    String text = "{\"index\":" + index + ",\"text\":\"" + "a session of the user ".repeat(8) + "\"}";
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] noise(int seed, int length) {
    byte[] bytes = new byte[length];
    int state = seed;
    for (int at = 0; at < length; at++) {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      bytes[at] = (byte) (state >> 16);
    }
    return bytes;
  }
}
