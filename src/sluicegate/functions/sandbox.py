"""One started sandbox: what it is served by, how it is ended, what is left to do afterwards."""

import contextlib
import os
import select
import signal
from collections.abc import Callable

from .spawning import Started

_END_SECONDS = 10.0


class Sandbox:
    """`output` is the read end of what it prints; `go` the write end of what starts a launcher."""

    def __init__(self, started: Started, output: int, go: int) -> None:
        self.pid = started.pid
        self.process = started.process
        self.runtime_api = started.runtime_api
        self.endpoint = started.endpoint
        self.output = output
        self.slot = ""
        self.memory_bytes = 0
        self.peak_bytes = 0
        self.ran_out_of_memory = False
        self._ended = started.ended
        self._go = go
        self._at_end: list[Callable[[], None]] = []
        self._is_closed = False

    def go(self, line: bytes) -> None:
        """Tell the launcher which function it is; nothing can be told afterwards."""
        # A launcher that is gone shows as such when it is listened to.
        with contextlib.suppress(OSError):
            os.write(self._go, line)
        os.close(self._go)
        self._go = -1

    def at_end(self, what: Callable[[], None]) -> None:
        """Have something done when nothing of it is left."""
        self._at_end.append(what)

    def exhausted(self) -> None:
        """Its memory is used up: that is its end, and the reason is kept."""
        self.ran_out_of_memory = True
        self.kill()

    def kill(self) -> None:
        """End all of it: with its first process the kernel ends every other."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self.process, signal.SIGKILL)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it is left."""
        return bool(select.select([self.process], [], [], 0)[0])

    def exit_code(self) -> int:
        """How it ended, once it has; as a shell tells it."""
        if select.select([self._ended], [], [], _END_SECONDS)[0]:
            with contextlib.suppress(ValueError):
                return int(os.read(self._ended, 16))
        # The spawner is gone, and everything with it.
        return 128 + signal.SIGKILL

    def close(self) -> None:
        """End it, wait until nothing is left, and give back what it held (but not its output)."""
        if self._is_closed:
            return
        self._is_closed = True
        self.kill()
        select.select([self.process], [], [], _END_SECONDS)
        self.exit_code()
        for each in (self.process, self._ended, self._go):
            if each >= 0:
                os.close(each)
        for what in self._at_end:
            what()
