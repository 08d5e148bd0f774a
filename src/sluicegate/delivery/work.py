"""What a data path asks to be done, and how far it is."""

from dataclasses import dataclass

from .answer import Response
from .records import Batch


@dataclass(frozen=True, slots=True)
class Invoke:
    """Invoke the function on this batch, and say `answered`. `attempt` counts from 1."""

    id: int
    batch: Batch
    attempt: int


@dataclass(frozen=True, slots=True)
class Discard:
    """Hand this batch to the on-failure destination, or drop and count it; say `discarded`.

    `condition` and `invocations` are what the invocation record says; `response` is None when the
    function was never asked.
    """

    id: int
    batch: Batch
    condition: str
    invocations: int
    response: Response | None


Work = Invoke | Discard


@dataclass(frozen=True, slots=True)
class Progress:
    """What becomes of a partition: records that wait, records under way, and why that takes long.

    `attempt` and `pause_until_ms` are of a batch that has failed and is tried again; `throttled`
    says that the function did not run at all.
    """

    partition: int
    waiting: int
    unsettled: int
    is_running: bool = False
    attempt: int = 0
    pause_until_ms: int = 0
    throttled: bool = False
