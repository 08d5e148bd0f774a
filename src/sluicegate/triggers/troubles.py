"""What brokers complained of lately, and the one thing to say about it.

The client tries on by itself and tells each failure; nothing tells that it is over. So a trouble
stands for a while after it was told last, and ends at once when records arrive.
"""

from collections.abc import Callable, Iterable

from ..kafka import (
    Fenced,
    NotAuthenticated,
    NotAuthorized,
    NotTrusted,
    TopicMissing,
    Trouble,
    Unreachable,
    Unresolvable,
)
from . import problems
from .problems import Problem

# Longer than the client's longest pause between attempts.
_STANDS_SECONDS = 10.0
# A broker that is started again, a topic that is just being made: no problem yet.
_PATIENCE_SECONDS = {Unreachable: 5.0, Unresolvable: 5.0, TopicMissing: 30.0}

_PROBLEMS: dict[type[Trouble], Problem] = {
    NotAuthenticated: problems.LOGIN_FAILED,
    NotTrusted: problems.NOT_TRUSTED,
    NotAuthorized: problems.NOT_AUTHORIZED,
    TopicMissing: problems.NO_TOPIC,
    Unresolvable: problems.UNRESOLVED,
    Unreachable: problems.NO_CONNECTION,
    Fenced: problems.NO_CONNECTION,
}
"""In the order in which they matter: a login that fails also looks like brokers out of reach."""


class Troubles:
    """Since when each kind of trouble is there, and when it was told last."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since: dict[type[Trouble], float] = {}
        self._last: dict[type[Trouble], float] = {}
        self._login_refused = False

    def note(self, troubles: Iterable[Trouble]) -> None:
        """Take note of what was told now."""
        now = self._monotonic()
        for trouble in troubles:
            kind = type(trouble)
            if now - self._last.get(kind, 0.0) > _STANDS_SECONDS:
                self._since[kind] = now
            self._last[kind] = now
            self._login_refused |= kind is NotAuthenticated

    def clear(self) -> None:
        """Records arrive: whatever it was is over."""
        self._since.clear()
        self._last.clear()

    def must_log_in_anew(self) -> bool:
        """Whether a login was refused since this was asked last."""
        refused, self._login_refused = self._login_refused, False
        return refused

    def problem(self) -> Problem | None:
        """What to say, if anything."""
        now = self._monotonic()
        for kind, problem in _PROBLEMS.items():
            last = self._last.get(kind)
            if last is None or now - last > _STANDS_SECONDS:
                continue
            if now - self._since[kind] >= _PATIENCE_SECONDS.get(kind, 0.0):
                return problem
        return None


def problem_of(trouble: Trouble) -> Problem:
    """What to say of a trouble that kept something from being begun."""
    return _PROBLEMS.get(type(trouble), problems.NO_CONNECTION)
