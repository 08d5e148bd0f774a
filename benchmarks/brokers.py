"""What managed brokers cost: time until a cluster serves, memory, and coming back after a kill.

    python -m benchmarks.brokers [ROUNDS]

A cluster serves when all its nodes are in the metadata that the keeper's client is shown, which is
when it becomes ACTIVE. Each round begins with an empty folder; the installation and its AOT cache
are there already. Figures are medians (worst in brackets). Other work on the machine multiplies the
times; the processor time a node takes until then is told beside them, and grows less by it.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.contract.kafka_cluster import KafkaCluster, consume, produce

from sluicegate.brokers.installation import install
from sluicegate.brokers.nodes import Node
from sluicegate.settings import Settings

START_GOALS = {1: 2.0, 2: 3.5, 3: 5.0}
RESTART_GOAL = 4.0
RSS_GOAL_MEGABYTES = 260
RECORDS = 100_000


def main() -> None:
    """Print each figure beside its goal."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{rounds} rounds; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for count, goal in START_GOALS.items():
        started, worked, memory = zip(*(start(count) for _ in range(rounds)), strict=True)
        nodes = f"{count} node{'s' * (count > 1)}"
        show(f"{nodes}: start to ACTIVE", started, "s", goal)
        show(f"{nodes}: processor time of each", worked, "s", None)
        show(f"{nodes}: RSS of the largest", memory, "MB", RSS_GOAL_MEGABYTES)
    restarted, filled = zip(*(restart() for _ in range(rounds)), strict=True)
    show("1 node: killed, serving again", restarted, "s", RESTART_GOAL)
    show(f"1 node: RSS after {RECORDS} records", filled, "MB", RSS_GOAL_MEGABYTES)


def start(count: int) -> tuple[float, float, float]:
    """Seconds until so many new nodes serve; of each, processor seconds; of the largest, MB."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = new_cluster(Path(folder), count)
        try:
            seconds = timed(cluster.start)
            nodes = cluster.nodes.values()
            return seconds, sum(map(processor, nodes)) / count, max(map(megabytes, nodes))
        finally:
            cluster.stop()


def restart() -> tuple[float, float]:
    """Seconds from the kill of a node with records until it serves them, and its megabytes."""
    with tempfile.TemporaryDirectory() as folder, new_cluster(Path(folder), 1) as cluster:
        cluster.make_topic("records")
        produce(cluster.over_tls(), "records", [b"x" * 1000] * RECORDS)
        assert len(consume(cluster.over_tls(), "records", RECORDS)) == RECORDS
        worked = megabytes(cluster.nodes[1])

        def kill_and_start() -> None:
            cluster.nodes[1].kill()
            cluster.start()

        return timed(kill_and_start), worked


def new_cluster(folder: Path, count: int) -> KafkaCluster:
    """Not started."""
    settings = Settings()
    installation = install(settings.cache_folder, settings.jars_folder, print)
    return KafkaCluster(installation, folder, count=count)


def timed(call: Callable[[], object]) -> float:
    """Seconds it takes."""
    since = time.perf_counter()
    call()
    return time.perf_counter() - since


def megabytes(node: Node) -> float:
    """Resident memory of its process."""
    status = Path(f"/proc/{node.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def processor(node: Node) -> float:
    """Processor seconds of its process so far."""
    fields = Path(f"/proc/{node.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(what: str, figures: tuple[float, ...], unit: str, goal: float | None) -> None:
    """One line: median, worst, goal."""
    median, worst = statistics.median(figures), max(figures)
    beside = "" if goal is None else f"goal {goal:g}{'' if median <= goal else '  MISSED'}"
    print(f"{what:<34}{median:>7.2f} [{worst:.2f}] {unit:<3} {beside}".rstrip())


if __name__ == "__main__":
    main()
