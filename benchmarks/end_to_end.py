"""From a record on a broker to a function's answer: rates and latencies beside scripts' own.

    python -m benchmarks.end_to_end [--records N] [--singles N] [--rounds N] [--only PART ...]

A real `sluicegate serve` on a throw-away state, a managed broker, a topic of four partitions with
records of 1 KB, one worker. The trigger and the loops of `loops` read the same topic in turn, each
as a new group from its beginning, and commit batch by batch; a witness beside them all looks at
the broker for what their group has committed, 100 times a second. Goals are ratios to a loop of the
same round, because what else the machine does moves all rates together.

Of each part of the service it is told what a record costs it: microseconds of processor time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.server import Server

from .rig import PARTITIONS, Rig, paced

RECORD_BYTES, BATCH = 1_024, 1_000
LATENCY_SECONDS, LATENCY_RATE = 20.0, 100.0
GOALS = {("count", "count"): 0.5, ("count", "decode"): 1.2, ("decode", "decode"): 0.55}
SINGLES_GOAL = 8_000
PARTS = ("rates", "singles", "latency")
LATENCY_GOALS = (1.0, 2.0)


def main() -> None:
    """Print figures beside their goals."""
    asked = arguments()
    load = os.getloadavg()[0]
    print(f"load {load:.1f} on {os.cpu_count()} cores; {asked.records:,} records", flush=True)
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        rig = Rig(server)
        for handler in ("count", "decode", "tell"):
            rig.function(handler)
        if "rates" in asked.only:
            rig.topic("records", PARTITIONS, records(asked.records))
            rates(rig, asked.records, asked.rounds)
        if "singles" in asked.only:
            rig.topic("singles", PARTITIONS, records(asked.singles))
            singles(rig, asked.singles, asked.rounds)
        if "latency" in asked.only:
            latency(rig)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--singles", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    return parser.parse_args()


def records(count: int) -> Iterator[bytes]:
    """Orders of 1 KB each."""
    for number in range(count):
        order = {"order": number, "customer": f"c{number % 97}", "amount": number % 500, "note": ""}
        missing = RECORD_BYTES - len(json.dumps(order))
        yield json.dumps(order | {"note": "n" * missing}).encode()


# Rates.


def rates(rig: Rig, count: int, rounds: int) -> None:
    """Records a second of the trigger and of the loops, and the ratios of each round."""
    loops = {name: loop(rig, name) for name in ("count", "decode")}
    triggers = {name: trigger(rig, name, "records", BATCH) for name in ("count", "decode")}
    found: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for kind, runs in (("bare", loops), ("trigger", triggers)):
            for name, run in runs.items():
                rate = run(count)
                # The first round has environments to start.
                if number:
                    found.setdefault(f"{kind} {name}", []).append(rate)
    for name, seen in found.items():
        print(f"{name:<34}{statistics.median(seen) / 1000:>9,.0f}k records/s", flush=True)
    for (ours, theirs), goal in GOALS.items():
        pairs = zip(found[f"trigger {ours}"], found[f"bare {theirs}"], strict=True)
        ratios = sorted(mine / bare for mine, bare in pairs)
        told = f"{statistics.median(ratios):>9.2f} x ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        print(f"{f'trigger {ours} / bare {theirs}':<34}{told}   goal >= {goal} x", flush=True)


def trigger(rig: Rig, function: str, topic: str, batch: int) -> Callable[[int], float]:
    """A run of the trigger over the topic; told with it what each part worked for a record."""

    def run(count: int) -> float:
        group = rig.new_group()
        with rig.trigger(function, topic, batch, group):
            seen = rig.witness(group, topic, PARTITIONS, count)
        costs = ", ".join(f"{part} {cost:.1f}" for part, cost in seen.costs.items())
        print(f"    {function}: {seen.rate / 1000:,.1f}k/s; us each: {costs}", flush=True)
        return seen.rate

    return run


def loop(rig: Rig, name: str) -> Callable[[int], float]:
    """A run of a loop over the topic."""

    def run(count: int) -> float:
        group = rig.new_group()
        with process(rig, name, "records", group):
            rate = rig.witness(group, "records", PARTITIONS, count).rate
        print(f"    bare {name}: {rate / 1000:,.1f}k/s", flush=True)
        return rate

    return run


@contextmanager
def process(rig: Rig, name: str, topic: str, group: str) -> "Iterator[subprocess.Popen[str]]":
    """A loop in a process of its own, ended with the block."""
    command = [sys.executable, "-m", "benchmarks.loops", name, rig.servers, topic, group]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


# One record for each invocation.


def singles(rig: Rig, count: int, rounds: int) -> None:
    """Invocations a second with a batch of one."""
    run = trigger(rig, "count", "singles", 1)
    rate = statistics.median([run(count) for _ in range(rounds)])
    print(f"{'batch 1':<34}{rate:>9,.0f} invocations/s   goal >= {SINGLES_GOAL:,}", flush=True)


# Latency.


def latency(rig: Rig) -> None:
    """From `produce` to the first line of the handler, and to `poll` of a loop."""
    for name, measure in (("bare poll", polled), ("trigger", told)):
        topic = f"paced-{name.split()[0]}"
        rig.topic(topic, 1)
        took = [nanoseconds / 1e6 for nanoseconds in measure(rig, topic)]
        p50, p99 = (statistics.quantiles(took, n=100)[at] for at in (49, 98))
        goals = "" if name != "trigger" else "   goal <= {} / {}".format(*LATENCY_GOALS)
        print(f"{f'{name}: p50 / p99 at 100/s':<34}{p50:>9.2f} / {p99:.2f} ms{goals}", flush=True)


def told(rig: Rig, topic: str) -> list[int]:
    """What the function says."""
    group = rig.new_group()
    with rig.trigger("tell", topic, BATCH, group):
        count = produce(rig, topic)
        rig.witness(group, topic, 1, count)
    time.sleep(1.0)
    lines = rig.log("tell")
    assert len(lines) == count, f"{len(lines)} of {count} lines"
    return settled([int(line.split()[1]) for line in lines])


def polled(rig: Rig, topic: str) -> list[int]:
    """What a loop prints."""
    with process(rig, "poll", topic, rig.new_group()) as started:
        assert started.stdout is not None
        lines: list[str] = []
        reading = threading.Thread(target=lambda: lines.extend(started.stdout or ()))
        reading.start()
        produce(rig, topic)
        time.sleep(1.0)
    reading.join()
    return settled([int(line.split()[1]) for line in lines])


def produce(rig: Rig, topic: str) -> int:
    """Produce at a steady pace; how many records it were."""
    producing = paced(rig.servers, topic, LATENCY_SECONDS, LATENCY_RATE)
    producing.start()
    producing.join()
    return int(LATENCY_SECONDS * LATENCY_RATE)


def settled(took: list[int]) -> list[int]:
    """Without the beginning, in which groups are joined and environments started."""
    return took[len(took) // 4 :]


if __name__ == "__main__":
    main()
