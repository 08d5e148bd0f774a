"""What brokers complained of lately, and the one thing to say about it.

The client tries on by itself and tells each failure; nothing tells that it is over. So a trouble
stands for a while after it was told last, and ends at once when records arrive, unless it is of
some partitions alone. What may not be read is told once, however long that lasts: it stands until
records arrive, or the group gives us partitions.
"""

import logging
from collections.abc import Callable, Iterable

from ..kafka import (
    Corrupt,
    Fenced,
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    TopicMissing,
    Trouble,
    Unknown,
    Unreachable,
    Unresolvable,
)
from . import problems
from .problems import Problem

_log = logging.getLogger("sluicegate.triggers")

# Longer than the client's longest pause between attempts.
_STANDS_SECONDS = 10.0
# A broker that is started again, a topic that is just being made: no problem yet.
_PATIENCE_SECONDS = {Unreachable: 5.0, Unresolvable: 5.0, TopicMissing: 30.0}

# What the client tells once, and again only after it was well in between.
_TOLD_ONCE = (NotAuthorized,)
# What records of other partitions say nothing about.
_OF_PARTITIONS = (Corrupt,)
# What nobody could explain by the problem that is told.
_LOGGED = (Corrupt, Unknown)

_PROBLEMS: dict[type[Trouble], Problem] = {
    NotAuthenticated: problems.LOGIN_FAILED,
    NotTrusted: problems.NOT_TRUSTED,
    NotAuthorized: problems.NOT_AUTHORIZED,
    TopicMissing: problems.NO_TOPIC,
    Unresolvable: problems.UNRESOLVED,
    Unreachable: problems.NO_CONNECTION,
    Fenced: problems.NO_CONNECTION,
    Corrupt: problems.UNREADABLE,
}
"""In the order in which they matter: a login that fails also looks like brokers out of reach."""


class Troubles:
    """Since when each kind of trouble is there, and when it was told last."""

    def __init__(self, mapping_id: str, monotonic: Callable[[], float]) -> None:
        self._mapping_id = mapping_id
        self._monotonic = monotonic
        self._since: dict[type[Trouble], float] = {}
        self._last: dict[type[Trouble], float] = {}
        self._login_refused = False

    def note(self, troubles: Iterable[Trouble]) -> None:
        """Take note of what was told now."""
        now = self._monotonic()
        for trouble in troubles:
            kind = type(trouble)
            if not self._stands(kind, now):
                self._since[kind] = now
                if kind in _LOGGED:
                    _log.warning(
                        "brokers mapping=%s code=%d: %s",
                        self._mapping_id,
                        trouble.code,
                        trouble.text,
                    )
            self._last[kind] = now
            self._login_refused |= kind is NotAuthenticated

    def clear(self, told: Iterable[Trouble]) -> None:
        """Records arrive: all is over, but what is told once and was `told` together with them."""
        once = {type(each) for each in told} & set(_TOLD_ONCE)
        for kind in self._last.keys() - once - set(_OF_PARTITIONS):
            del self._last[kind], self._since[kind]

    def joined(self) -> None:
        """The group counts us in, and gives us partitions: we may, or are told of it again."""
        for kind in self._last.keys() & set(_TOLD_ONCE):
            del self._last[kind], self._since[kind]

    def must_log_in_anew(self) -> bool:
        """Whether a login was refused since this was asked last."""
        refused, self._login_refused = self._login_refused, False
        return refused

    def problem(self) -> Problem | None:
        """What to say, if anything."""
        now = self._monotonic()
        for kind, problem in _PROBLEMS.items():
            if not self._stands(kind, now):
                continue
            if now - self._since[kind] >= _PATIENCE_SECONDS.get(kind, 0.0):
                return problem
        return None

    def _stands(self, kind: type[Trouble], now: float) -> bool:
        last = self._last.get(kind)
        return last is not None and (kind in _TOLD_ONCE or now - last <= _STANDS_SECONDS)


def problem_of(trouble: Trouble) -> Problem:
    """What to say of a trouble that kept something from being begun."""
    return _PROBLEMS.get(type(trouble), problems.NO_CONNECTION)
