"""The supervisor's children: `api` and workers, started by exec, started again when they end.

A child's standard input is its lifeline: it closes when we end, however that comes about. Its first
line are the child's orders; a later line tells a worker that there is something new to see.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Protocol

from ..errors import StartRefused
from ..settings import PREFIX, Settings
from .orders import READY, Orders, WorkerOrders

_SOON_SECONDS = 1.0
_MOST_PAUSE_SECONDS = 5.0


class _Orders(Protocol):
    def line(self) -> bytes: ...


class Child:
    """One process and its lifeline."""

    def __init__(
        self,
        module: str,
        orders: _Orders,
        descriptors: Iterable[int] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._orders = orders
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no input in it
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=tuple(descriptors),
            # Its settings come through the pipe; a secret among them is in no environment but ours.
            env={k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
            | dict(variables or {}),
            # A Ctrl-C at the terminal is the supervisor's to handle.
            start_new_session=True,
        )
        self.started = time.monotonic()
        # What it said of itself when it was ready.
        self.about = ""
        self._nudges = self._answers = 0

    def tell(self) -> None:
        """Give it its orders; what it says to them `is_ready` reads."""
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).write(self._orders.line())
            _pipe(self._process.stdin).flush()

    def is_ready(self) -> bool:
        """Wait until it has begun to do what it was told; False when it ended instead."""
        said, _, self.about = _pipe(self._process.stdout).readline().decode().strip().partition(" ")
        return said == READY

    def nudge(self) -> None:
        """Say that there is something new; it answers each time, when it has looked."""
        self._nudges += 1
        with contextlib.suppress(BrokenPipeError, ValueError):
            _pipe(self._process.stdin).write(b"\n")
            _pipe(self._process.stdin).flush()

    def has_looked(self, seconds: float) -> bool:
        """Whether it has answered every nudge, within so long. One thread's at a time."""
        output, deadline = _pipe(self._process.stdout).fileno(), time.monotonic() + seconds
        while self._answers < self._nudges:
            left = max(0.0, deadline - time.monotonic())
            answers = os.read(output, 4096) if select.select([output], [], [], left)[0] else b""
            if not answers:
                return False
            self._answers += len(answers)
        return True

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """Close the lifeline; the child finishes what it does and ends."""
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).close()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()


def api(settings: Settings, listener: socket.socket) -> tuple[Child, socket.socket]:
    """An `api` child, and the end of its nudges that is the keepers'."""
    # Who dies with a nudge under way must not leave half of it to the next: one pair each.
    ours, theirs = socket.socketpair()
    with theirs:
        orders = Orders(settings, listener.fileno(), theirs.fileno())
        descriptors = listener.fileno(), theirs.fileno()
        return Child("sluicegate.serve.child", orders, descriptors), ours


# Events of megabytes come and go: memory that is given back and asked for anew each time doubles
# what encoding costs. The greatest threshold there is; told one of the two, glibc adapts neither.
_HEAP = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "67108864"}


def worker(settings: Settings, number: int) -> Child:
    """The worker of that number."""
    made = Child("sluicegate.serve.worker", WorkerOrders(settings, number), variables=_HEAP)
    made.tell()
    return made


class Place:
    """Where a child belongs: whoever ends there is followed by another, after a pause at most.

    A child that ends soon makes the pause longer, up to five seconds.
    """

    def __init__(self, name: str, start: Callable[[], Child], child: Child | None = None) -> None:
        self.child = child
        self._name = name
        self._start = start
        self._pause = 0.0
        self._not_before = 0.0

    def fill(self) -> float | None:
        """Start a child where none is; how many seconds until that is due, None when it is not."""
        now = time.monotonic()
        if self.child is not None and self.child.has_ended:
            lived = now - self.child.started
            self._pause = (
                0.0 if lived > _SOON_SECONDS else min(_MOST_PAUSE_SECONDS, 2 * self._pause + 0.1)
            )
            self._not_before = now + self._pause
            self.child = None
            print(f"the {self._name} process ended after {lived:.0f} s; starting it again",
                  file=sys.stderr)  # fmt: skip
        if self.child is not None:
            return None
        if now < self._not_before:
            return self._not_before - now
        try:
            self.child = self._start()
        except StartRefused as refusal:
            print(f"sluicegate: {refusal}", file=sys.stderr)
            self._not_before = now + _MOST_PAUSE_SECONDS
            return _MOST_PAUSE_SECONDS
        return None


def end(children: Iterable[Child], wait: Callable[[float], bool], grace_seconds: float) -> None:
    """Stop all of them; who has not ended when the grace is over is killed.

    `wait` waits a moment and says whether to go on waiting.
    """
    ending = list(children)
    for child in ending:
        child.stop()
    deadline = time.monotonic() + grace_seconds
    while not all(child.has_ended for child in ending):
        left = deadline - time.monotonic()
        if left <= 0 or not wait(left):
            break
    for child in ending:
        if not child.has_ended:
            child.kill()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # both ends were asked for
    return stream


SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGCHLD})
"""What the supervisor waits for; blocked in it, and in what it starts until that says otherwise."""
