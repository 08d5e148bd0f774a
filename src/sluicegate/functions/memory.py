"""What a sandbox's processes use together, looked at while it works, and less often while it rests.

Without control groups nobody else does: a limit per process is none for a tree of them. All
processes of a sandbox descend from its first one, which is how they are found.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Protocol

_EVERY_SECONDS = 0.05
# Of those that rest, which nobody waits for: five times a second, and a hundredth of a processor in
# all, however many there are.
_RESTING_SECONDS = 0.2
_RESTING_SECONDS_EACH = 0.006
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Watched(Protocol):
    """A sandbox: its first process, its limit, and what became known of it."""

    pid: int
    memory_bytes: int
    peak_bytes: int
    is_ending: bool

    def exhausted(self) -> None:
        """It has used more than its limit."""
        ...


class MemoryWatch:
    """A thread that looks at the sandboxes it was given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._working: set[Watched] = set()
        self._resting: set[Watched] = set()
        # Set while something works: whoever begins to need not wait for those that rest.
        self._works = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()

    def work(self, sandbox: Watched) -> None:
        """Look at this one often: it works."""
        with self._lock:
            self._resting.discard(sandbox)
            self._working.add(sandbox)
        self._works.set()

    def rest(self, sandbox: Watched) -> None:
        """A look now and then will do, unless it has ended: what it left behind may grow."""
        with self._lock:
            if sandbox in self._working:
                self._working.discard(sandbox)
                self._resting.add(sandbox)

    def remove(self, sandbox: Watched) -> None:
        """It has ended."""
        with self._lock:
            self._working.discard(sandbox)
            self._resting.discard(sandbox)

    def close(self) -> None:
        """End the thread."""
        with self._lock:
            self._closed.set()
            self._works.set()
        self._thread.join()

    def _run(self) -> None:
        looked = 0.0
        while not self._closed.is_set():
            with self._lock:
                if not self._working and not self._closed.is_set():
                    self._works.clear()
                pause = max(_RESTING_SECONDS, _RESTING_SECONDS_EACH * len(self._resting))
                rests = bool(self._resting)
            # Waiting comes first: most invocations are over by then, and cost nothing.
            if self._works.wait(max(0.0, looked + pause - time.monotonic()) if rests else None):
                self._closed.wait(_EVERY_SECONDS)
            with self._lock:
                watched = list(self._working)
                if time.monotonic() >= looked + pause:
                    watched += self._resting
                    looked = time.monotonic()
            for each in watched:
                look(each)


def look(sandbox: Watched) -> None:
    """Note what it uses; end it when that is too much."""
    pids = list(_tree(sandbox))
    private, shared, resident = 0, 0, 0
    for pid in pids:
        pages, of_files = _pages(pid)
        private += (pages - of_files) * _PAGE_BYTES
        shared = max(shared, of_files * _PAGE_BYTES)
        resident += pages * _PAGE_BYTES
    sandbox.peak_bytes = max(sandbox.peak_bytes, private + shared)
    # Added up, what processes share counts several times: enough to acquit. To condemn, pages are
    # asked for one by one, which takes its time.
    if resident > sandbox.memory_bytes:
        used = 0
        for pid in pids:
            if sandbox.is_ending:
                return
            used += _proportional(pid)
        sandbox.peak_bytes = max(sandbox.peak_bytes, min(used, sandbox.memory_bytes))
        if used > sandbox.memory_bytes:
            sandbox.exhausted()


def _tree(sandbox: Watched) -> Iterator[int]:
    waiting = [sandbox.pid]
    # Reading about the dying keeps them from it.
    while waiting and not sandbox.is_ending:
        each = waiting.pop()
        yield each
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{each}/task"):
                with open(f"/proc/{each}/task/{thread}/children") as children:
                    waiting.extend(map(int, children.read().split()))


def _pages(pid: int) -> tuple[int, int]:
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, resident, shared, *_ = file.read().split()
    except (OSError, ValueError):
        return 0, 0
    return int(resident), int(shared)


def _proportional(pid: int) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    # Not ours to read: all that is there, then.
    return _pages(pid)[0] * _PAGE_BYTES
