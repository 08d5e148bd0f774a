"""Where the peers of `end_to_end` live: outside of the product's dependencies.

Each framework has a lock of its own beside this file (renewed by `scripts/lock`) and an environment
of its own in `.venv/peers`, made when it is first wanted: what one of them holds back, as Quix
Streams does confluent-kafka, holds back nobody else, and one that cannot be installed is missing
alone.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / ".venv" / "peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer by its name in `peers`, whose lock it is installed from, and whose versions matter."""

    name: str
    lock: str
    packages: tuple[str, ...]

    @property
    def versions(self) -> str:
        """What is measured, as it is pinned."""
        pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", lock_file(self.lock).read_text(), re.M))
        return ", ".join(f"{package} {pinned[package]}" for package in self.packages)


PEERS = {
    peer.name: peer
    for peer in (
        Peer("quix", "quix", ("quixstreams", "confluent-kafka")),
        Peer("faststream-confluent", "faststream", ("faststream", "confluent-kafka")),
        Peer("faststream-aiokafka", "faststream", ("faststream", "aiokafka")),
        Peer("aiokafka", "faststream", ("aiokafka",)),
    )
}


def lock_file(lock: str) -> Path:
    """The lock of that name."""
    return ROOT / "benchmarks" / f"{lock}.lock"


class CannotInstall(Exception):
    """Why an environment could not be made."""


def run(command: Sequence[str]) -> None:
    """Run a step of an installation; what it prints of its progress goes to standard error."""
    ended = subprocess.run(command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    if ended.returncode:
        said = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
        # pip's last lines may be advice.
        errors = [line for line in said if line.startswith("ERROR: ")] or said or ["no reason"]
        raise CannotInstall(errors[-1].removeprefix("ERROR: "))


@dataclass(frozen=True, slots=True)
class Peers:
    """The Pythons of the peers that take part, and why the others do not."""

    pythons: dict[str, Path]
    missing: dict[str, str]

    @classmethod
    def installed(
        cls,
        names: Sequence[str],
        folder: Path = ENVIRONMENTS,
        run: Callable[[Sequence[str]], None] = run,
    ) -> "Peers":
        """Those peers, each with an environment."""
        peers = cls({}, {})
        for lock in dict.fromkeys(PEERS[name].lock for name in names):
            sharing = [name for name in names if PEERS[name].lock == lock]
            try:
                python = _environment(lock, folder, run)
                peers.pythons.update(dict.fromkeys(sharing, python))
            except CannotInstall as reason:
                peers.missing.update(dict.fromkeys(sharing, str(reason)))
        return peers

    def command(self, peer: str, loop: str) -> Sequence[str]:
        """The command of a peer's loop, to which broker, topic and group are added."""
        return [str(self.pythons[peer]), "-m", "benchmarks.peers", peer, loop]

    @contextmanager
    def missing_if(self, failure: type[Exception], peer: str) -> Iterator[None]:
        """A block after whose failure the peer takes part in nothing more."""
        try:
            yield
        except failure as reason:
            self.pythons.pop(peer, None)
            self.missing[peer] = str(reason)


def _environment(lock: str, within: Path, run: Callable[[Sequence[str]], None]) -> Path:
    """The Python of an environment with what the lock says, made anew when that has changed."""
    folder = within / lock
    locked, stamp, python = lock_file(lock), folder / "installed", folder / "bin" / "python"
    wanted = f"{hashlib.sha256(locked.read_bytes()).hexdigest()} {sys.version}"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    where = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    print(f"Installing benchmarks/{lock}.lock into {where} ...", file=sys.stderr, flush=True)
    run([sys.executable, "-m", "venv", "--clear", str(folder)])
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    # From wheels alone: minutes of a compiler's messages are not what was asked for.
    run([*pip, "--only-binary", ":all:", "--require-hashes", "-r", str(locked)])
    stamp.write_text(wanted)
    return python
