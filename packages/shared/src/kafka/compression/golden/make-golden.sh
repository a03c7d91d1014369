#!/usr/bin/env bash
# Makes the golden log segments. Needs: KAFKA_BROKERS; KAFKA_LOG_DIR, that broker's data folder; KAFKA_CLASSPATH, the
# jars of kafka-clients, kafka-tools and the codecs; python3 with confluent-kafka.
set -euo pipefail
cd "$(dirname "$0")"
: "${KAFKA_BROKERS:?}" "${KAFKA_LOG_DIR:?}" "${KAFKA_CLASSPATH:?}"
run=$(date +%s)
for codec in gzip snappy lz4 zstd; do
  for client in java librdkafka; do
    topic="golden-$client-$codec-$run"
    java -cp "$KAFKA_CLASSPATH" MakeGolden.java create "$KAFKA_BROKERS" "$topic"
    if [ "$client" = java ]; then
      java -cp "$KAFKA_CLASSPATH" MakeGolden.java produce "$KAFKA_BROKERS" "$topic" "$codec"
    else
      python3 make_golden.py "$KAFKA_BROKERS" "$topic" "$codec"
    fi
    cp "$KAFKA_LOG_DIR/$topic-0/00000000000000000000.log" "$client-$codec.segment"
    java -cp "$KAFKA_CLASSPATH" MakeGolden.java delete "$KAFKA_BROKERS" "$topic"
  done
done
ls -l ./*.segment
