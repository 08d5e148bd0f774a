"""What invocations cost: warm, cold, and from a sandbox started ahead.

    python -m benchmarks.invocations

Medians in milliseconds beside their goals, on a real pool. The peer of a warm invocation and of a
cold start is AWS's runtime interface client in a bare process, served by the same Runtime API code:
what isolation and the pool add is the difference.
"""

import json
import os
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sluicegate.clock import SystemClock
from sluicegate.functions import Credentials, FunctionVersion, Invocation
from sluicegate.functions.pool import Limits, Pool
from sluicegate.functions.runtime_api import Answered, Asks, RuntimeApi
from sluicegate.functions.runtime_folders import RuntimeFolders
from sluicegate.functions.runtimes import Interpreter
from sluicegate.settings import Settings

CODE = "def handler(event, context): return len(event)"
BOMB = """
import os, time
def handler(event, context):
    while True:
        try: os.fork()
        except OSError: time.sleep(0.01)
"""
REGION = "us-east-1"
SIZES = {"1 KB": (1_000, 0.2), "1 MB": (1_000_000, 2.0)}
WARM, COLD, BOMBS = 300, 15, 7
PYTHON = f"python3.{sys.version_info.minor}"


class Nowhere:
    """Takes log events."""

    def write(
        self, version: FunctionVersion, stream: str, events: Sequence[tuple[int, str]]
    ) -> None:
        """Forget them."""


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        code = path / "code"
        code.mkdir(mode=0o755)
        (code / "handler.py").write_text(CODE)
        print(f"{'':<34}{'p50 ms':>9}{'bare':>9}{'ratio':>8}{'goal':>12}")
        with pool(path, ahead=0) as cold, bare(path, code) as (api, _):
            for name, (size, goal) in SIZES.items():
                event = json.dumps("x" * size).encode()
                one = version(code, "warm")
                ours = median(WARM, lambda: cold.invoke(one, invocation(event)))  # noqa: B023
                theirs = median(WARM, lambda: ask(api, event))  # noqa: B023
                row(f"warm, {name}", ours, theirs, f"<= {goal} ms")
            ours = statistics.median(first(cold, code) for _ in range(COLD))
            theirs = statistics.median(first_bare(path, code) for _ in range(COLD))
            row("cold start", ours, theirs, "<= 1.2 x")
        with pool(path, ahead=1) as ready:
            first(ready, code)
            ours = statistics.median(first(ready, code, rest=0.4) for _ in range(COLD))
            row("from a sandbox started ahead", ours, theirs, "<= 5 ms")
        with pool(path, ahead=0) as bombed:
            # What a pool makes once is not the bomb's.
            first(bombed, code)
            (code / "handler.py").write_text(BOMB)
            took = sorted(overdue(bombed, code) for _ in range(BOMBS))
            middle = statistics.median(took)
            print(f"{'gone after time is up, 1,000 forking':<36}{middle:>7.0f}{'<= 500 ms':>29}")
            print(f"{'  the longest of ' + str(BOMBS):<36}{took[-1]:>7.0f}")


def row(name: str, ours: float, theirs: float, goal: str) -> None:
    """A line of the table."""
    print(f"{name:<34}{ours:>9.3f}{theirs:>9.3f}{ours / theirs:>8.2f}{goal:>12}")


def median(times: int, run: Callable[[], object]) -> float:
    """The median of how long it takes, in milliseconds."""
    took = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        run()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took[1:])


@contextmanager
def pool(folder: Path, *, ahead: int) -> Iterator[Pool]:
    """A pool whose folders are made already."""
    lasting = Credentials("key", "secret", "token", (int(time.time()) + 86_400) * 1000)
    made = Pool(
        Settings(),
        cache=folder / "cache",
        endpoint=("127.0.0.1", 9),
        credentials=lambda _version: lasting,
        logs=Nowhere(),
        clock=SystemClock(),
        limits=Limits(ahead=ahead),
    )
    try:
        yield made
    finally:
        made.close()


def first(functions: Pool, code: Path, *, rest: float = 0.0) -> float:
    """What the first invocation of a function nobody knew takes, `rest` seconds from now."""
    time.sleep(rest)
    one = version(code, str(uuid.uuid4()))
    begun = time.perf_counter()
    outcome = functions.invoke(one, invocation(b'"x"'))
    took = (time.perf_counter() - begun) * 1000
    assert outcome.payload == b"1", outcome.payload
    functions.retire(one.arn)
    return took


def overdue(functions: Pool, code: Path) -> float:
    """How long after its time nothing of a fork bomb is left, in milliseconds."""
    one = version(code, str(uuid.uuid4()), memory_mb=10_240, timeout_seconds=2)
    begun = time.perf_counter()
    told = functions.invoke(one, invocation(b"0")).log_tail
    took = (time.perf_counter() - begun) * 1000
    # Its time begins when it is initialised, which the report tells.
    started = float(told.partition(b"Init Duration: ")[2].split()[0])
    return took - started - one.timeout_seconds * 1000


def version(
    code: Path, revision: str, *, memory_mb: int = 512, timeout_seconds: int = 60
) -> FunctionVersion:
    """A function of that revision."""
    return FunctionVersion(
        arn=f"arn:aws:lambda:{REGION}:000000000000:function:f",
        name="f",
        version="$LATEST",
        revision=revision,
        runtime=PYTHON,
        handler="handler.handler",
        code=code,
        role_arn="arn:aws:iam::000000000000:role/f",
        account="000000000000",
        region=REGION,
        log_group="/aws/lambda/f",
        memory_mb=memory_mb,
        ephemeral_mb=512,
        timeout_seconds=timeout_seconds,
        environment={},
    )


def invocation(event: bytes) -> Invocation:
    """One event."""
    return Invocation(str(uuid.uuid4()), event, "arn")


@contextmanager
def bare(folder: Path, code: Path) -> Iterator[tuple[RuntimeApi, subprocess.Popen[bytes]]]:
    """awslambdaric in a process without a sandbox, ready for an event."""
    python = Interpreter(PYTHON.removeprefix("python"), sys.base_prefix, sys.executable)
    runtime = RuntimeFolders(folder / "cache").folder(python)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        output, printed = os.pipe()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen(
            [f"{sys.base_prefix}/bin/{PYTHON}", "-m", "awslambdaric", "handler.handler"],
            cwd=code,
            env={"PYTHONPATH": str(runtime), "AWS_LAMBDA_RUNTIME_API": address},
            stdout=printed,
            stderr=printed,
        )
        os.close(printed)
        ended = os.pidfd_open(process.pid)
        api = RuntimeApi(listener, ended, output, lambda: bool(drop(output)), 8 << 20)
        assert isinstance(api.listen(time.monotonic() + 20), Asks)
        try:
            yield api, process
        finally:
            process.kill()
            process.wait()
            api.close()
            os.close(output)
            os.close(ended)


def drop(output: int) -> bytes:
    """Read what was printed and forget it."""
    return os.read(output, 65_536) if select.select([output], [], [], 0)[0] else b"x"


def ask(api: RuntimeApi, event: bytes) -> None:
    """An invocation of the bare process."""
    end = time.monotonic() + 20
    if not api.is_asking:
        assert isinstance(api.listen(end), Asks)
    headers = {
        "Lambda-Runtime-Aws-Request-Id": "1",
        "Lambda-Runtime-Deadline-Ms": "99999999999999",
        "Lambda-Runtime-Invoked-Function-Arn": "arn",
        "Content-Type": "application/json",
    }
    assert api.give("1", headers, event, end) is None
    assert isinstance(api.listen(end), Answered)


def first_bare(folder: Path, code: Path) -> float:
    """What a bare process takes from its start to its first answer."""
    begun = time.perf_counter()
    with bare(folder, code) as (api, _):
        ask(api, b'"x"')
        return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
