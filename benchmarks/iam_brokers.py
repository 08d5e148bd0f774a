"""What IAM access control costs at the brokers: the IAM listener beside the one with TLS alone.

    python -m benchmarks.iam_brokers [ROUNDS]

One broker behind a real `serve`, one topic of one partition; by turns, so that whatever else the
machine does falls on both. Records of 1 KiB, acks=all. Goal: at least 0.95 of TLS's rates.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer
from tests.system.kafka_user import IamLogin, Login, authority, new_cluster
from tests.system.server import Server
from tests.system.trigger_user import allow, document

from sluicegate.wire.client import Credentials

RECORDS, SINGLES = 100_000, 300
TOPIC, VALUE = "records", os.urandom(1024)
TIMED = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
BOTH: dict[str, Any] = {"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": True}}
Settings = Mapping[str, Any]


def main() -> None:
    """Print both, and the second as a share of the first."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "state") as server:
        cluster = new_cluster(server, **BOTH)
        anybody = Login(server, cluster)
        anybody.create_topic(TOPIC)
        tls, iam = over_tls(anybody), user(server, cluster, "ann").settings()
        # Whose policy asks what time it is: no answer is remembered.
        each_time = user(server, cluster, "tim", Condition=TIMED).settings()
        print(f"{rounds} rounds; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for what, measure in (("produce, records/s", produce), ("consume, records/s", consume)):
            for settings in (tls, iam):
                measure(settings)  # the first is slower
            show(what, *by_turns(rounds, partial(measure, tls), partial(measure, iam)))
        record = "one record and its answer, µs:"
        show(f"{record} IAM", *by_turns(rounds, partial(single, tls), partial(single, iam)))
        asked = by_turns(rounds, partial(single, iam), partial(single, each_time))
        show(f"{record} asked each time", *asked)
        changed = by_turns(rounds, partial(single, iam), partial(single, iam, change(server)))
        show(f"{record} after a change", *changed)


def by_turns(
    rounds: int, one: Callable[[], float], other: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Figures of both, one right after the other, each of them first in every second round."""
    ones: list[float] = []
    others: list[float] = []
    for number in range(rounds):
        turns = [(ones, one), (others, other)]
        for figures, measure in turns if number % 2 else reversed(turns):
            figures.append(measure())
    return ones, others


def over_tls(anybody: Login) -> Settings:
    """Without a login."""
    kafka = anybody.server.client("kafka")
    brokers = kafka.get_bootstrap_brokers(ClusterArn=anybody.cluster)
    return {
        "bootstrap.servers": brokers["BootstrapBrokerStringTls"],
        "security.protocol": "SSL",
        "ssl.ca.pem": authority(anybody.server),
    }


def user(server: Server, cluster: str, name: str, **more: Any) -> IamLogin:
    """Somebody who may do everything there."""
    iam = server.client("iam")
    iam.create_user(UserName=name)
    everything = document({**allow(["kafka-cluster:*"]), **more})
    iam.put_user_policy(UserName=name, PolicyName="given", PolicyDocument=everything)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    return IamLogin(server, cluster, credentials=credentials)


def change(server: Server) -> Callable[[], object]:
    """What voids every answer that brokers remember."""
    iam = server.client("iam")
    numbers = iter(range(time.monotonic_ns(), sys.maxsize))
    return lambda: iam.tag_user(
        UserName="ann", Tags=[{"Key": "number", "Value": str(next(numbers))}]
    )


def produce(settings: Settings) -> float:
    """Records a second."""
    producer = Producer({**settings, "acks": "all", "linger.ms": 5})
    since = time.perf_counter()
    for _ in range(RECORDS):
        while True:
            try:
                producer.produce(TOPIC, VALUE)
                break
            except BufferError:
                producer.poll(0.01)
    assert producer.flush(120) == 0
    return RECORDS / (time.perf_counter() - since)


def consume(settings: Settings) -> float:
    """Records a second, from the first one that comes."""
    group = {"group.id": f"g{time.monotonic_ns()}", "auto.offset.reset": "earliest"}
    consumer = Consumer({**settings, **group, "enable.auto.commit": False})
    consumer.subscribe([TOPIC])
    seen, since = 0, 0.0
    while seen < RECORDS:
        messages = consumer.consume(1000, 1.0)
        if messages and not seen:
            since = time.perf_counter()
        seen += len(messages)
    rate = seen / (time.perf_counter() - since)
    consumer.close()
    return rate


def single(settings: Settings, before: Callable[[], object] = lambda: None) -> float:
    """Microseconds from one record to its acknowledgement, the median; `before` each is not in."""
    producer = Producer({**settings, "acks": "all", "linger.ms": 0})
    times = []
    for _ in range(SINGLES):
        before()
        since = time.perf_counter()
        producer.produce(TOPIC, VALUE)
        assert producer.flush(30) == 0
        times.append(time.perf_counter() - since)
    return statistics.median(times) * 1e6


def show(what: str, one: list[float], other: list[float]) -> None:
    """Medians of both, and of the share that one round's second is of its first."""
    shares = [b / a for a, b in zip(one, other, strict=True)]
    print(
        f"{what:<48}{statistics.median(one):>10,.0f}{statistics.median(other):>10,.0f}"
        f"   {statistics.median(shares):.2f} × [{min(shares):.2f} to {max(shares):.2f}]"
    )


if __name__ == "__main__":
    main()
