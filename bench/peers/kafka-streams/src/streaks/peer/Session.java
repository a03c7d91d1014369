package streaks.peer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A SessionCompleted record in the Confluent wire format: magic byte, schema id, then the fields in the order of the schema. */
final class Session {
  private static final int WIRE_HEADER_BYTES = 5;

  /** The UTF-8 bytes of the session id: compared and stored as they are. */
  final byte[] id;
  final String userId;
  final long startMs;
  final long endMs;
  final String timezone;

  private Session(byte[] id, String userId, long startMs, long endMs, String timezone) {
    this.id = id;
    this.userId = userId;
    this.startMs = startMs;
    this.endMs = endMs;
    this.timezone = timezone;
  }

  static Session read(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    in.position(WIRE_HEADER_BYTES);
    byte[] id = readBytes(in);
    String userId = text(readBytes(in));
    long startMs = readLong(in);
    long endMs = readLong(in);
    return new Session(id, userId, startMs, endMs, text(readBytes(in)));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static byte[] readBytes(ByteBuffer in) {
    byte[] bytes = new byte[(int) readLong(in)];
    in.get(bytes);
    return bytes;
  }

  /** Avro's zigzag variable-length integer. */
  private static long readLong(ByteBuffer in) {
    long raw = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      raw |= (long) (next & 0x7f) << shift;
      if (next >= 0) return (raw >>> 1) ^ -(raw & 1);
    }
  }
}
