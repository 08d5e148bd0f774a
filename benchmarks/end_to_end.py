"""From a record on a broker to a function's answer: rates and latencies beside scripts' own.

    python -m benchmarks.end_to_end [--records N] [--singles N] [--rounds N] [--only PART ...]
                                    [--peers [PEER ...]]

A real `sluicegate serve` on a throw-away state, a managed broker, a topic of four partitions with
records of 1 KB, one worker. The trigger and the loops of `loops` read the same topic in turn, each
as a new group from its beginning, and commit batch by batch; a witness beside them all looks at
the broker for what their group has committed, 100 times a second. Goals are ratios to a loop of the
same round, because what else the machine does moves all rates together.

The peers of `peers`, frameworks of PyPI, take their turn in the same rounds, with the same topic,
handlers and witness: Quix Streams, FastStream on either of its clients, aiokafka alone. They are
told of with the ratio of the trigger to each. Their first use installs them into `.venv/peers`
(`peer_environments`); one that cannot be installed, or that ends, is told of as missing, and the
rest goes on. `--peers` alone leaves them all out.

Of each part of the service it is told what a record costs it: microseconds of processor time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.system.server import Server

from .peer_environments import PEERS, Peers
from .rig import PARTITIONS, Ended, Rig, paced

RECORD_BYTES, BATCH = 1_024, 1_000
LATENCY_SECONDS, LATENCY_RATE = 20.0, 100.0
GOALS = {("count", "count"): 0.5, ("count", "decode"): 1.2, ("decode", "decode"): 0.55}
SINGLES_GOAL = 8_000
PARTS = ("rates", "singles", "latency")
LATENCY_GOALS = (1.0, 2.0)


def main() -> None:
    """Print figures beside their goals."""
    asked = arguments()
    peers = Peers.installed(asked.peers)
    load = os.getloadavg()[0]
    print(f"load {load:.1f} on {os.cpu_count()} cores; {asked.records:,} records", flush=True)
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        rig = Rig(server)
        for handler in ("count", "decode", "tell"):
            rig.function(handler)
        if "rates" in asked.only:
            rig.topic("records", PARTITIONS, records(asked.records))
            rates(rig, peers, asked.records, asked.rounds)
        if "singles" in asked.only:
            rig.topic("singles", PARTITIONS, records(asked.singles))
            singles(rig, peers, asked.singles, asked.rounds)
        if "latency" in asked.only:
            latency(rig, peers)
    for name, reason in peers.missing.items():
        print(f"{name:<34}missing: {reason}", flush=True)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--singles", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    return parser.parse_args()


def records(count: int) -> Iterator[bytes]:
    """Orders of 1 KB each."""
    for number in range(count):
        order = {"order": number, "customer": f"c{number % 97}", "amount": number % 500, "note": ""}
        missing = RECORD_BYTES - len(json.dumps(order))
        yield json.dumps(order | {"note": "n" * missing}).encode()


# Rates.


def rates(rig: Rig, peers: Peers, count: int, rounds: int) -> None:
    """Records a second of the trigger, the loops and the peers, and the ratios of each round."""
    names = ("count", "decode")
    loops = {f"bare {name}": loop(rig, f"bare {name}", bare(name), "records") for name in names}
    triggers = {f"trigger {name}": trigger(rig, name, "records", BATCH) for name in names}
    found: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        seen = {name: run(count) for name, run in loops.items()}
        seen |= peers_rates(rig, peers, names, "records", count)
        seen |= {name: run(count) for name, run in triggers.items()}
        # The first round has environments to start.
        if number:
            for name, rate in seen.items():
                found.setdefault(name, []).append(rate)
    for name in (*loops, *triggers):
        rate = statistics.median(found[name])
        print(f"{name:<34}{rate / 1000:>9,.0f}k records/s", flush=True)
    for (ours, theirs), goal in GOALS.items():
        told = ratio(found[f"trigger {ours}"], found[f"bare {theirs}"])
        print(f"{f'trigger {ours} / bare {theirs}':<34}{told}   goal >= {goal} x", flush=True)
    table(peers, names, found)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """The median of the rounds' ratios, and the least and the greatest."""
    ratios = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
    return f"{statistics.median(ratios):>9.2f} x ({ratios[0]:.2f}-{ratios[-1]:.2f})"


def table(peers: Peers, names: Sequence[str], found: Mapping[str, list[float]]) -> None:
    """The peers, and how many times as fast the trigger was in the same rounds."""
    if peers.pythons:
        print(f"{'peer':<34}{'records/s':>10}{'trigger / peer':>24}   versions", flush=True)
    for name in names:
        for peer in peers.pythons:
            theirs = found[f"{peer} {name}"]
            told = ratio(found[f"trigger {name}"], theirs)
            rate = statistics.median(theirs)
            versions = PEERS[peer].versions
            print(f"{f'{peer} {name}':<34}{rate:>10,.0f}{told:>24}   {versions}", flush=True)


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


def loop(rig: Rig, name: str, command: Sequence[str], topic: str) -> Callable[[int], float]:
    """A run of a loop over the topic."""

    def run(count: int) -> float:
        group = rig.new_group()
        with process(command, rig.servers, topic, group) as started:
            seen = rig.witness(group, topic, PARTITIONS, count, lambda: started.poll() is None)
        print(f"    {name}: {seen.rate / 1000:,.1f}k/s", flush=True)
        return seen.rate

    return run


def peers_rates(
    rig: Rig, peers: Peers, names: Sequence[str], topic: str, count: int
) -> Mapping[str, float]:
    """What each peer's loops of those names do; one that ends is missing from then on."""
    found = {}
    for peer in list(peers.pythons):
        with peers.missing_if(Ended, peer):
            for name in names:
                run = loop(rig, f"{peer} {name}", peers.command(peer, name), topic)
                found[f"{peer} {name}"] = run(count)
    return found


def bare(name: str) -> Sequence[str]:
    """The command of a bare loop, to which broker, topic and group are added."""
    return [sys.executable, "-m", "benchmarks.loops", name]


@contextmanager
def process(
    command: Sequence[str],
    servers: str,
    topic: str,
    group: str,
    printed: int | IO[str] = subprocess.DEVNULL,
) -> "Iterator[subprocess.Popen[str]]":
    """A loop in a process of its own, ended with the block; told of with what it said last."""
    with tempfile.TemporaryFile("w+") as said:
        started = subprocess.Popen(
            [*command, servers, topic, group], stdout=printed, stderr=said, text=True
        )
        try:
            yield started
        except Ended as ended:
            said.seek(0)
            last = said.read().strip().rpartition("\n")[2]
            raise Ended(str(ended) or last or "ended without a word") from None
        finally:
            started.kill()
            started.wait()


# One record for each invocation.


def singles(rig: Rig, peers: Peers, count: int, rounds: int) -> None:
    """Invocations a second with a batch of one; of peers, records handled and committed singly."""
    run = trigger(rig, "count", "singles", 1)
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        seen = peers_rates(rig, peers, ["single"], "singles", count)
        for name, rate in {**seen, "trigger single": run(count)}.items():
            found.setdefault(name, []).append(rate)
    rate = statistics.median(found["trigger single"])
    print(f"{'batch 1':<34}{rate:>9,.0f} invocations/s   goal >= {SINGLES_GOAL:,}", flush=True)
    table(peers, ["single"], found)


# Latency.


def latency(rig: Rig, peers: Peers) -> None:
    """From `produce` to the first line of the handler, and to where a loop has the record."""
    paces(rig, "bare", polled(bare("poll")))
    for peer in list(peers.pythons):
        with peers.missing_if(Ended, peer):
            paces(rig, peer, polled(peers.command(peer, "poll")))
    paces(rig, "trigger", told)


def paces(rig: Rig, name: str, measure: Callable[[Rig, str], list[int]]) -> None:
    """Print how long records took that came at a steady pace."""
    topic = f"paced-{name}"
    rig.topic(topic, 1)
    took = [nanoseconds / 1e6 for nanoseconds in measure(rig, topic)]
    p50, p99 = (statistics.quantiles(took, n=100)[at] for at in (49, 98))
    goals = "" if name != "trigger" else "   goal <= {} / {}".format(*LATENCY_GOALS)
    print(f"{f'{name}: p50 / p99 at 100/s':<40}{p50:>9.2f} / {p99:.2f} ms{goals}", flush=True)


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


def polled(command: Sequence[str]) -> Callable[[Rig, str], list[int]]:
    """What a loop prints."""

    def measure(rig: Rig, topic: str) -> list[int]:
        group = rig.new_group()
        with tempfile.TemporaryFile("w+") as printed:
            with process(command, rig.servers, topic, group, printed) as started:
                count = produce(rig, topic)
                time.sleep(1.0)
                if started.poll() is not None:
                    raise Ended
            printed.seek(0)
            took = [int(line.split()[1]) for line in printed if line.startswith("took")]
        if len(took) < count:
            raise Ended(f"{len(took)} of {count} records")
        return settled(took)

    return measure


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
