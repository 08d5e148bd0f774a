"""One started sandbox: what it is served by, how it is ended, what is left to do afterwards."""

import contextlib
import json
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator, Mapping

from .places import Places
from .spawning import Started

_END_SECONDS = 10.0
_WHOLE_GROUP = 4  # PIDFD_SIGNAL_PROCESS_GROUP


class Sandbox:
    """`output` is the read end of what it prints, `go` the write end of what starts a launcher,
    `lifeline` what a keeper watches, where one does the kernel's work."""

    def __init__(
        self, started: Started, output: int, go: int, places: Places, lifeline: int = -1
    ) -> None:
        self.pid = started.pid
        self.process = started.process
        self.runtime_api = started.runtime_api
        self.endpoint = started.endpoint
        self.proxy = started.proxy
        self.output = output
        self.places = places
        self.slot = ""
        self.memory_bytes = 0
        self.peak_bytes = 0
        self.ran_out_of_memory = False
        self.is_ending = False
        self._ended = started.ended
        self._leader = started.leader
        self._ender = started.ender
        self._go = go
        self._lifeline = lifeline
        self._at_end: list[Callable[[], None]] = []
        self._is_closed = False
        # Who ends it may be another than who closes it: what is closed may be another sandbox's.
        self._lock = threading.Lock()
        self._is_let_go = False

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
        """End all of it: with its first process everything else ends."""
        self.is_ending = True
        with self._lock:
            if self._is_let_go:
                return
            if self._lifeline >= 0:
                lifeline, self._lifeline = self._lifeline, -1
                os.close(lifeline)
                return
            if self._ender >= 0:
                with contextlib.suppress(OSError):
                    os.write(self._ender, b"1")
                    return
            with contextlib.suppress(OSError), open(f"/proc/{self.pid}/autogroup", "w") as file:
                # Dying takes time too, of which it had a small share; see `kernel.step_aside`.
                file.write("0")
            if self._leader >= 0:
                # The first process has to get the processor from all the others before it ends
                # them. Linux before 6.9 refuses this, and leaves it to that one.
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(self._leader, signal.SIGKILL, None, _WHOLE_GROUP)
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self.process, signal.SIGKILL)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it is left."""
        return is_readable(self.process, 0)

    def exit_code(self) -> int:
        """How it ended, once it has; as a shell tells it."""
        if is_readable(self._ended, _END_SECONDS):
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
        is_readable(self.process, _END_SECONDS)
        self.exit_code()
        with self._lock:
            self._is_let_go = True
            for each in (self.process, self._leader, self._ender, self._ended, self._go):
                if each >= 0:
                    os.close(each)
        for what in self._at_end:
            what()


def is_readable(descriptor: int, seconds: float) -> bool:
    """Whether something can be read, or the end, within that time."""
    # select(2) knows no descriptor beyond 1023, and clients may have as many as that open.
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def go_line(environment: Mapping[str, str], handler: str, folder: str) -> bytes:
    """What a launcher is told."""
    told = {"environment": dict(environment), "handler": handler, "folder": folder}
    return json.dumps(told).encode() + b"\n"


@contextlib.contextmanager
def pipes() -> Iterator[tuple[int, int, int, int]]:
    """Output to read and to print to, go to hear and to tell; the sandbox's ends are closed."""
    output, printed = os.pipe()
    ear, go = os.pipe()
    try:
        yield output, printed, ear, go
    except BaseException:
        os.close(output)
        os.close(go)
        raise
    finally:
        os.close(printed)
        os.close(ear)
