"""BROKERS TOPIC CODEC. The records are those of golden-records.ts."""
import sys

from confluent_kafka import Producer

RECORDS = 600


def noise(seed, length):
    state = seed
    result = bytearray(length)
    for at in range(length):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        result[at] = (state >> 16) & 0xFF
    return bytes(result)


def value(index):
    if index % 40 == 0:
        return noise(index, 3000)
    return ('{"index":%d,"text":"%s"}' % (index, "a session of the user " * 8)).encode()


brokers, topic, codec = sys.argv[1:]
producer = Producer({"bootstrap.servers": brokers, "compression.type": codec, "linger.ms": 500, "batch.size": 400_000})
for index in range(RECORDS):
    producer.produce(topic, key=f"user-{index}", value=value(index))
producer.flush()
