"""Functions to run: their code written for a test, their logs kept."""

import json
import os
import textwrap
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluicegate.clock import SystemClock
from sluicegate.functions import Credentials, FunctionVersion, Invocation, Outcome
from sluicegate.functions.pool import Limits, Pool
from sluicegate.settings import Settings

REGION, ACCOUNT = "us-east-1", "000000000000"
CREDENTIALS = Credentials("ASIAEXAMPLE", "hush", "token", (int(time.time()) + 3600) * 1000)


class Sink:
    """Keeps what functions logged."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, list[str]] = {}
        self.streams: list[str] = []

    def write(
        self, version: FunctionVersion, stream: str, events: Sequence[tuple[int, str]]
    ) -> None:
        """Keep them."""
        with self._lock:
            self.streams.append(stream)
            self._lines.setdefault(version.name, []).extend(line for _, line in events)

    def lines(self, name: str) -> list[str]:
        """What the function of that name logged, in order."""
        with self._lock:
            return list(self._lines.get(name, ()))


@dataclass
class Rig:
    """A pool, and functions made for it."""

    pool: Pool
    folder: Path
    sink: Sink
    made: int = field(default=0)

    def function(self, code: str, **changed: Any) -> FunctionVersion:
        """A version whose `handler.handler` is in `code`."""
        return self.package({"handler.py": textwrap.dedent(code)}, **changed)

    def package(
        self, files: Mapping[str, str | bytes], *, mode: int = 0o644, **changed: Any
    ) -> FunctionVersion:
        """A version made of these files."""
        self.made += 1
        # Of this function alone, whoever else runs some: processes are told apart by it.
        name = changed.pop("name", f"f{self.made}-{uuid.uuid4().hex[:8]}")
        code = self.folder / f"code-{self.made}"
        code.mkdir(mode=0o755)
        for path, text in files.items():
            file = code / path
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
            file.chmod(mode)
        values: dict[str, Any] = {
            "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            "name": name,
            "version": "$LATEST",
            "revision": str(self.made),
            "runtime": "python3.11",
            "handler": "handler.handler",
            "code": code,
            "role_arn": f"arn:aws:iam::{ACCOUNT}:role/worker",
            "account": ACCOUNT,
            "region": REGION,
            "log_group": f"/aws/lambda/{name}",
            "memory_mb": 128,
            "ephemeral_mb": 512,
            "timeout_seconds": 20,
            "environment": {},
        }
        return FunctionVersion(**{**values, **changed})

    def invoke(self, version: FunctionVersion, event: object = None) -> Outcome:
        """Run it on an event."""
        return self.pool.invoke(version, invocation(version, event))

    def answer(self, version: FunctionVersion, event: object = None) -> Any:
        """What it answers; that it does is part of the test."""
        outcome = self.invoke(version, event)
        assert outcome.error == "", (outcome.payload, outcome.log_tail)
        return json.loads(outcome.payload)

    def fails(self, version: FunctionVersion, event: object = None) -> Mapping[str, Any]:
        """The error payload it ends with."""
        outcome = self.invoke(version, event)
        assert outcome.error == "Unhandled", outcome.payload
        told: Mapping[str, Any] = json.loads(outcome.payload)
        return told


def invocation(version: FunctionVersion, event: object) -> Invocation:
    """An event as callers hand it over."""
    return Invocation(str(uuid.uuid4()), json.dumps(event).encode(), version.arn)


def make_rig(
    folder: Path,
    *,
    endpoint: tuple[str, int] = ("127.0.0.1", 9),
    limits: Limits | None = None,
    credentials: Callable[[FunctionVersion], Credentials] = lambda _version: CREDENTIALS,
    **settings: Any,
) -> Rig:
    """A rig of its own below `folder`; its pool is to be closed."""
    sink = Sink()
    pool = Pool(
        Settings(**settings),
        # One for the whole run where it can be: filling it takes longer than most tests.
        cache=(folder.parent if os.access(folder.parent, os.W_OK) else folder) / "cache",
        endpoint=endpoint,
        credentials=credentials,
        logs=sink,
        clock=SystemClock(),
        limits=limits,
    )
    return Rig(pool, folder, sink)


def eventually(holds: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    """Whether it comes to hold before the deadline."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.01)
    return True
