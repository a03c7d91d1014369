"""Publishes sessions as Avro with confluent-kafka: JSON lines on standard input, an empty line ends a chunk.

After each chunk it prints how many records the brokers acknowledged. The partitioner is librdkafka's default (CRC32 of
the key), which differs from that of Java and kafkajs.
"""

import json
import sys

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

brokers, registry_url, topic = sys.argv[1:4]
registry = SchemaRegistryClient({"url": registry_url})
schema = registry.get_latest_version("io.streaks.SessionCompleted").schema
serialize = AvroSerializer(
    registry,
    schema,
    conf={
        "auto.register.schemas": False,
        "use.latest.version": True,
        "subject.name.strategy": record_subject_name_strategy,
    },
)
producer = Producer(
    {
        "bootstrap.servers": brokers,
        "enable.idempotence": True,
        "compression.type": "zstd",
        "linger.ms": 20,
        "queue.buffering.max.messages": 1000000,
    }
)
context = SerializationContext(topic, MessageField.VALUE)
acknowledged = 0
failures = []


def on_delivery(error, _message):
    global acknowledged
    if error is None:
        acknowledged += 1
    else:
        failures.append(str(error))


for line in sys.stdin:
    if line.strip():
        session = json.loads(line)
        record = {
            "sessionId": session["sessionId"],
            "userId": session["userId"],
            "startTime": session["startMs"],
            "endTime": session["endMs"],
            "timezone": session["timezone"],
        }
        producer.produce(topic, key=session["userId"], value=serialize(record, context), on_delivery=on_delivery)
        producer.poll(0)
        continue
    producer.flush()
    print(f"acknowledged {acknowledged}" if not failures else f"failed {failures[0]}", flush=True)
    acknowledged = 0
