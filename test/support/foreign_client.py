"""A Kafka client in another language, as users have it: produces or consumes records as lines of key, tab, value.

Usage: foreign_client.py produce BROKERS TOPIC CODEC | consume BROKERS TOPIC
"""

import sys

from confluent_kafka import Consumer, KafkaError, Producer


def produce(brokers, topic, codec):
    producer = Producer({"bootstrap.servers": brokers, "compression.type": codec})
    failures = []
    for line in sys.stdin:
        key, value = line.rstrip("\n").split("\t", 1)
        producer.produce(topic, value, key, on_delivery=lambda error, _: error and failures.append(error))
        producer.poll(0)
    waiting = producer.flush(30)
    if failures or waiting:
        sys.exit(f"not delivered: {failures[:1]}, {waiting} waiting")


def consume(brokers, topic):
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": f"foreign-{topic}",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    partitions = len(consumer.list_topics(topic, 30).topics[topic].partitions)
    consumer.subscribe([topic])
    ended = set()
    while len(ended) < partitions:
        message = consumer.poll(30)
        if message is None:
            sys.exit("nothing came for 30 s")
        if message.error() is None:
            print(message.key().decode(), message.value().decode(), sep="\t")
        elif message.error().code() == KafkaError._PARTITION_EOF:
            ended.add(message.partition())
        else:
            sys.exit(str(message.error()))
    consumer.close()


{"produce": produce, "consume": consume}[sys.argv[1]](*sys.argv[2:])
