"""The log of one environment: what its processes print, and the platform's lines around it.

A function may print without end. A line is cut, an invocation's output is cut, and what is handed
on is handed on in pieces, so that no function holds more of our memory than that.
"""

import os
import secrets
from datetime import UTC, datetime

from ..clock import Clock
from . import platform_lines
from .model import FunctionVersion, LogSink
from .platform_lines import Report

_READ_BYTES = 65_536
# CloudWatch Logs takes no longer event.
_LINE_BYTES = 262_144
_INVOCATION_BYTES = 4 << 20
_PIECE_BYTES = 262_144
_DRAINED_READS = 2
_TAIL_BYTES = 4096
# AWS counts 26 bytes for each event; a flood of empty lines is a flood too.
_EVENT_BYTES = 26
_CUT = "Output of this invocation beyond 4 MiB is not kept.\n"


def stream_name(version: str, now_ms: int) -> str:
    """A new environment's log stream, as AWS names it."""
    day = datetime.fromtimestamp(now_ms / 1000, UTC)
    return f"{day:%Y/%m/%d}/[{version}]{secrets.token_hex(16)}"


class Log:
    """Lines on their way from a sandbox to the sink. `output` is the pipe's end we read, -1 where
    nothing was started that prints."""

    def __init__(
        self, output: int, sink: LogSink, clock: Clock, version: FunctionVersion, stream: str
    ) -> None:
        if output >= 0:
            os.set_blocking(output, False)
        self.output = output
        self._sink = sink
        self._clock = clock
        self._version = version
        self._stream = stream
        self._is_empty = False
        self._part = bytearray()
        self._events: list[tuple[int, str]] = []
        self._events_bytes = 0
        self._written, self._is_cut = 0, False
        self._tail = bytearray()

    def begin(self, request_id: str) -> None:
        """A new invocation: it may write as much as any, and its tail begins here."""
        self._finish_line()
        self._written, self._is_cut = 0, False
        self._tail.clear()
        for line in platform_lines.beginning(self._version, request_id, self._clock.now_ms()):
            self.say(line)

    def end(self, request_id: str, report: Report) -> None:
        """The invocation is over: say how it ended, and hand over its log."""
        for line in platform_lines.end(self._version, request_id, report, self._clock.now_ms()):
            self.say(line)
        self.flush()

    def read(self) -> bool:
        """Take what has been printed; false at the end of the output."""
        try:
            data = os.read(self.output, _READ_BYTES)
        except BlockingIOError:
            self._is_empty = True
            return True
        if not data:
            self._finish_line()
            self._is_empty = True
            return False
        if self._written >= _INVOCATION_BYTES:
            self._note_cut()
            return True
        self._part += data
        *lines, rest = bytes(self._part).split(b"\n")
        self._part = bytearray(rest)
        now_ms = self._clock.now_ms()
        for line in lines:
            self._add(now_ms, line + b"\n")
        if len(self._part) >= _LINE_BYTES:
            self._finish_line()
        return True

    def drain(self) -> None:
        """Take everything that is there: it was printed before the answer that has come."""
        # As much as a pipe holds, and not what a process left behind goes on printing.
        self._is_empty = False
        for _ in range(_DRAINED_READS):
            if not self._is_empty:
                self.read()

    def say(self, line: str) -> None:
        """A line of the platform's own, behind what was printed so far."""
        self._finish_line()
        self._keep(self._clock.now_ms(), f"{line}\n".encode())

    def flush(self) -> None:
        """Hand over what is held."""
        if self._events:
            self._sink.write(self._version, self._stream, self._events)
            self._events, self._events_bytes = [], 0

    @property
    def tail(self) -> bytes:
        """The last 4 KB of the invocation's log."""
        return bytes(self._tail)

    def close(self) -> None:
        """Hand over the rest; nothing is read any more."""
        self._finish_line()
        self.flush()
        if self.output >= 0:
            os.close(self.output)

    def _finish_line(self) -> None:
        if self._part:
            part, self._part = self._part, bytearray()
            self._add(self._clock.now_ms(), bytes(part))

    def _note_cut(self) -> None:
        if not self._is_cut:
            self._is_cut = True
            self._part.clear()
            self._keep(self._clock.now_ms(), _CUT.encode())

    def _add(self, now_ms: int, line: bytes) -> None:
        self._written += len(line) + _EVENT_BYTES
        for start in range(0, len(line), _LINE_BYTES):
            self._keep(now_ms, line[start : start + _LINE_BYTES])

    def _keep(self, now_ms: int, line: bytes) -> None:
        self._tail += line
        del self._tail[:-_TAIL_BYTES]
        self._events.append((now_ms, line.decode("utf-8", "replace")))
        self._events_bytes += len(line) + _EVENT_BYTES
        if self._events_bytes > _PIECE_BYTES:
            self.flush()
