"""The benchmark's comparison: forecasts from Kafka to Kafka as one would write them by hand in Python.

Micro-batches with confluent-kafka, a GRU of 2 x 64 with one carried state per series in PyTorch, 24 x 3 quantiles as
JSON for every observation, outputs and offsets in one transaction. Prints the seconds from the first message to the last
commit as JSON.

usage: kafka_forecast.py BROKERS INPUT OUTPUT RECORDS
"""

import json
import sys
import time
from datetime import datetime, timezone

import torch
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

HORIZON, LEVELS, HIDDEN, LAYERS, INPUTS = 24, ("0.1", "0.5", "0.9"), 64, 2, 8
BATCH = 4096


class Forecaster(torch.nn.Module):
    """One step of the stack for a batch of series, and the head: [B, INPUTS] -> [B, HORIZON * LEVELS]."""

    def __init__(self):
        super().__init__()
        self.cells = torch.nn.ModuleList(
            torch.nn.GRUCell(INPUTS if layer == 0 else HIDDEN, HIDDEN) for layer in range(LAYERS)
        )
        self.head = torch.nn.Linear(HIDDEN, HORIZON * len(LEVELS))

    def forward(self, x, states, rows):
        for layer, cell in enumerate(self.cells):
            x = cell(x, states[layer, rows])
            states[layer, rows] = x
        return self.head(x)


def main():
    brokers, source, sink, wanted = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = Forecaster().eval()
    states = torch.zeros(LAYERS, 4096, HIDDEN)
    slots = {}
    admin = AdminClient({"bootstrap.servers": brokers})
    for future in admin.create_topics([NewTopic(sink, num_partitions=4, replication_factor=1)]).values():
        future.result()
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "python",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": brokers,
            "transactional.id": "python",
            "linger.ms": 5,
            "batch.size": 900_000,
            "queue.buffering.max.messages": 200_000,
        }
    )
    producer.init_transactions()
    consumer.subscribe([source])
    done, started = 0, None
    with torch.inference_mode():
        while done < wanted:
            messages = consumer.consume(BATCH, timeout=0.1)
            if not messages:
                continue
            started = started or time.perf_counter()
            producer.begin_transaction()
            forecast(network, states, slots, messages, producer, sink)
            ends = {}
            for message in messages:
                ends[message.topic(), message.partition()] = message.offset() + 1
            offsets = [TopicPartition(topic, partition, end) for (topic, partition), end in ends.items()]
            producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
            producer.commit_transaction()
            done += len(messages)
    seconds = time.perf_counter() - started
    consumer.close()
    print(json.dumps({"records": done, "seconds": seconds}))


def forecast(network, states, slots, messages, producer, sink):
    """A series may come several times in a batch: it is stepped in waves that hold it at most once."""
    waves, turn = [], {}
    for message in messages:
        series = message.key().decode()
        wave = turn[series] = turn.get(series, -1) + 1
        if wave == len(waves):
            waves.append([])
        observation = json.loads(message.value())
        slot = slots.setdefault(series, len(slots))
        waves[wave].append((series, slot, observation["ts"], observation["value"]))
    for wave in waves:
        rows = torch.tensor([slot for _, slot, _, _ in wave])
        values = torch.tensor([value for _, _, _, value in wave], dtype=torch.float32)
        inputs = values[:, None].expand(-1, INPUTS).contiguous()
        quantiles = network(inputs, states, rows).view(-1, len(LEVELS), HORIZON).sort(dim=1).values
        for (series, _, ts, _), levels in zip(wave, quantiles.tolist()):
            record = {
                "pipeline": "python",
                "series": series,
                "origin": datetime.fromtimestamp(ts / 1000, timezone.utc).isoformat(),
                "interval": "PT1M",
                "horizon": HORIZON,
                "model": "gru@1",
                "quantiles": {
                    level: [round(value, 5) for value in steps] for level, steps in zip(LEVELS, levels)
                },
            }
            producer.produce(sink, key=series, value=json.dumps(record), timestamp=ts)
        producer.poll(0)


main()
