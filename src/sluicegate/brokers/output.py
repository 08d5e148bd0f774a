"""What a node says: the last lines in memory, a bounded log in its folder, and what they mean.

Read from a pipe, so that a full disk hides nothing, and never shown on a terminal.
"""

import contextlib
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

LOG = "broker.log"

_LOG_BYTES = 1 << 20  # and as much again in `broker.log.1`
_LINES_KEPT = 200
_LINE_BYTES = 4096
_STALE = re.compile(r"\[error *\]\[aot|Loading static archive failed|Unable to map shared spaces")

# What lines mean, most telling first; the last group, where there is one, is shown.
_MEANINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"No space left on device", "no space is left on the disk of its folder"),
        (r"Disk quota exceeded", "the disk quota of its folder is used up"),
        (r"Read-only file system", "its folder is on a read-only file system"),
        (r"Address already in use|Socket server failed to bind", "a port it needs is taken"),
        (r"Cannot assign requested address", "its address is not one of this machine's"),
        (r"Too many open files", "it may not open more files"),
        (r"OutOfMemoryError|Could not reserve enough space|insufficient memory", "out of memory"),
        (r"unable to create native thread|pthread_create failed", "it may not start more threads"),
        (r"Permission denied|AccessDeniedException", "it may not read or write its folder"),
        (r"Failed to acquire lock on file", "another process is using its data folder"),
        (r"belongs to another cluster", "its data folder belongs to another cluster"),
        (r"cannot be formatted", "its data folder cannot be formatted"),
    )
)
_SERIOUS = re.compile(r"^\S+ (?:ERROR|FATAL) (.*)$|^(Exception in thread .*|Error: .*)$")


class Output:
    """One node's output, read to its end by a thread of its own."""

    def __init__(
        self, name: str, stream: IO[bytes], folder: Path, stale: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._path = folder / LOG
        self._stale = stale
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._thread = threading.Thread(target=self._read, name=f"{name} output", daemon=True)
        self._thread.start()

    def lines(self, seconds: float = 0) -> list[str]:
        """The last lines; first waits so long for the end of the stream."""
        self._thread.join(seconds)
        return list(self._lines)

    def _read(self) -> None:
        log = _Log(self._path)
        is_fresh = True
        with self._stream:
            while line := self._stream.readline(_LINE_BYTES):
                text = line.decode(errors="replace").rstrip()
                self._lines.append(text)
                log.write(line)
                if is_fresh and _STALE.search(text):
                    is_fresh = False
                    # Whatever comes of it: this thread must go on reading.
                    with contextlib.suppress(OSError):
                        self._stale()
        log.close()


class _Log:
    """A file that grows to a megabyte, then begins again beside its predecessor."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._open()

    def write(self, line: bytes) -> None:
        # A log that cannot be written must not stop the node, which would wait for its reader.
        try:
            if self._file is not None:
                self._file.write(line)
                if self._file.tell() > _LOG_BYTES:
                    self._file.close()
                    self._path.replace(self._path.with_name(f"{LOG}.1"))
                    self._file = self._open()
        except OSError:
            pass

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _open(self) -> IO[bytes] | None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return open(os.open(self._path, flags, 0o600), "ab", buffering=0)
        except OSError:
            return None


def meaning(lines: Iterable[str], exit_status: int) -> str:
    """Why a node ended, in a sentence, from what it said last and its exit status."""
    said = list(lines)
    for pattern, sentence in _MEANINGS:
        if found := next((line for line in reversed(said) if pattern.search(line)), None):
            return f"{sentence}: {_shortened(found)}"
    for line in said:
        if serious := _SERIOUS.match(line):
            return _shortened(serious[1] or serious[2])
    # The JVM turns a signal it handles into 128 and its number.
    if exit_status < 0 or exit_status > 128:
        return f"it was ended by signal {abs(exit_status) % 128}"
    last = next((line for line in reversed(said) if line), "it said nothing")
    return f"it ended with status {exit_status}: {_shortened(last)}"


def _shortened(line: str) -> str:
    return line if len(line) <= 300 else f"{line[:300]}…"
