"""What the supervisor and its children say to each other: a child's first line, and `ready`.

Apart from both, because the supervisor must not load what a child serves with.
"""

import json
from dataclasses import asdict, dataclass

from ..settings import Settings

READY = "ready"


@dataclass(frozen=True, slots=True)
class Orders:
    """What to serve, and on which descriptor. Secrets in it are in no argument, no environment.

    `keepers` is the descriptor of the connection to the keepers in the supervisor.
    """

    settings: Settings
    listener: int
    keepers: int

    def line(self) -> bytes:
        """The child's first line of standard input."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> "Orders":
        """The orders in `line`."""
        orders = json.loads(line)
        return cls(Settings(**orders["settings"]), orders["listener"], orders["keepers"])


@dataclass(frozen=True, slots=True)
class WorkerOrders:
    """What to work on, and as the how-manieth; workers of one supervisor differ in it."""

    settings: Settings
    number: int

    def line(self) -> bytes:
        """The worker's first line of standard input."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> "WorkerOrders":
        """The orders in `line`."""
        orders = json.loads(line)
        return cls(Settings(**orders["settings"]), orders["number"])
