"""A Unix socket for each cluster, in its folder: where its brokers ask, and nobody else can.

    login MECHANISM ADDRESS MESSAGE         →  yes PRINCIPAL EXPIRES_MS REQUEST_ID  |  no TEXT
    may PRINCIPAL ADDRESS (OPERATION TYPE NAME)…  →  a letter each: A, D; a, d = only this once

A line each way, fields quoted as in a form. A broker remembers `A` and `D` until the file of
changes moves (`store.changes`).
"""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus

from ...access.authorize import Standing
from ...brokers.gate import Door
from ...brokers.plan import Gate
from ...store.clusters import Cluster
from .actions import Wanted
from .gatekeeper import Admitted, Gatekeeper, Refused

_log = logging.getLogger("sluicegate.clusters")

SOCKET = "gate.sock"


class Doors:
    """The sockets of all clusters that are kept, below `folder`; `keep` makes who answers at one.

    `changes` is the file that moves when answers are void.
    """

    def __init__(self, folder: Path, changes: Path, keep: Callable[[Cluster], Gatekeeper]) -> None:
        self._folder = folder
        self._changes = changes
        self._keep = keep
        self._open: dict[str, Door] = {}
        self._lock = threading.Lock()

    def open(self, cluster: Cluster) -> Gate:
        """Where a cluster's brokers ask, made when it is not there."""
        path = self._folder / cluster.id / SOCKET
        with self._lock:
            if cluster.id not in self._open:
                self._open[cluster.id] = Door(path, partial(answer, self._keep(cluster)))
        return Gate(path, self._changes)

    def shut(self, cluster_id: str) -> None:
        """Answer the brokers of a cluster no more."""
        with self._lock:
            door = self._open.pop(cluster_id, None)
        if door is not None:
            door.close()

    def close(self) -> None:
        """Shut all."""
        for cluster_id in list(self._open):
            self.shut(cluster_id)


def answer(gatekeeper: Gatekeeper, line: str) -> str:
    """The answer to one line; `ValueError` for one that no node of ours writes."""
    question, *fields = map(unquote_plus, line.split(" "))
    match question, fields:
        case "login", [mechanism, address, message]:
            return _told(gatekeeper.login(mechanism, message, address))
        case "may", [principal, address, *rest] if rest and len(rest) % 3 == 0:
            wanted = [Wanted(*rest[at : at + 3]) for at in range(0, len(rest), 3)]
            return "".join(map(_letter, _asked(gatekeeper, principal, address, wanted)))
    raise ValueError(f"unknown question `{question}`")


def _asked(
    gatekeeper: Gatekeeper, principal: str, address: str, wanted: Sequence[Wanted]
) -> Sequence[Standing]:
    try:
        return gatekeeper.may(principal, address, wanted)
    except Exception:  # noqa: BLE001 - what cannot be decided is denied
        _log.exception("a broker's question is denied: it cannot be decided")
        return (Standing(is_allowed=False, is_lasting=False),) * len(wanted)


def _told(outcome: Admitted | Refused) -> str:
    match outcome:
        case Admitted(principal, expires_ms, request_id):
            return f"yes {quote_plus(principal)} {expires_ms} {request_id}"
        case Refused(text):
            return f"no {quote_plus(text)}"


def _letter(standing: Standing) -> str:
    letter = "A" if standing.is_allowed else "D"
    return letter if standing.is_lasting else letter.lower()
