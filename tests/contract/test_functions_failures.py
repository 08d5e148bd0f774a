"""What a function does wrong, what AWS says of it, and that nothing of it is left."""

import os
import re
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.function_code import Rig, eventually, invocation, make_rig

from sluicegate.errors import AwsError
from sluicegate.functions.pool import Limits

pytestmark = pytest.mark.crowds

# From the deadline to nothing being left; half a second is promised where nothing else is to do.
LIVENESS_SECONDS = 5.0


class Counted(Rig):
    """A rig whose processes can be told from those of other pools."""

    spawner: int

    def processes(self) -> list[str]:
        """Those of its sandboxes, by name."""
        return [name for pid, name in below(self.spawner).items() if pid != self.spawner]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    """A pool whose processes are counted: nothing waits ahead in it."""
    made = make_rig(tmp_path_factory.mktemp("failures"), limits=Limits(ahead=0))
    counted = Counted(made.pool, made.folder, made.sink)
    others = spawners()
    version = counted.function("def handler(event, context): pass")
    counted.answer(version)
    counted.pool.retire(version.arn)
    (counted.spawner,) = spawners() - others
    yield counted
    made.pool.close()
    assert not Path(f"/proc/{counted.spawner}").exists()


def below(pid: int) -> dict[int, str]:
    """Every process from this one down, by number."""
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        try:
            found[each] = Path(f"/proc/{each}/comm").read_text().strip()
            for thread in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found


def spawners() -> set[int]:
    """The spawners of this process."""
    return {
        pid
        for pid in below(os.getpid())
        if b"sluicegate.functions.spawner" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


def test_an_exception_is_the_handler_s(functions: Rig) -> None:
    version = functions.function(
        """
        def handler(event, context):
            if event: raise ValueError('bad')
            return 'good'
        """
    )
    told = functions.fails(version, 1)
    assert told["errorType"] == "ValueError" and told["errorMessage"] == "bad"
    assert "raise ValueError('bad')" in told["stackTrace"][0]
    assert functions.answer(version, 0) == "good"
    assert "[ERROR] ValueError: bad\r" in "".join(functions.sink.lines(version.name))


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        ("import nowhere", "handler.handler", "Runtime.ImportModuleError", "No module named"),
        ("x = (", "handler.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module"),
        ("x = 1", "handler.handler", "Runtime.HandlerNotFound", "missing on module"),
        ("x = 1", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
        ("raise OSError('now')", "handler.handler", "OSError", "now"),
    ],
)
def test_a_module_that_cannot_be_loaded(
    functions: Rig, code: str, handler: str, kind: str, message: str
) -> None:
    version = functions.function(code, handler=handler)
    told = functions.fails(version)
    assert told["errorType"] == kind and message in told["errorMessage"]
    assert told["requestId"] == ""
    assert f"Status: error\tError Type: {kind}\n" in functions.sink.lines(version.name)[-1]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os._exit(7)", "Runtime exited with error: exit status 7"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_runtime_that_ends(rig: Counted, end: str, reason: str) -> None:
    version = rig.function(f"import os\ndef handler(event, context): {end if end else ''}")
    event = invocation(version, None)
    outcome = rig.pool.invoke(version, event)
    message = f"RequestId: {event.request_id} Error: {reason}"
    expected = f'{{"errorType":"Runtime.ExitError","errorMessage":"{message}"}}'
    assert (outcome.error, outcome.payload.decode()) == ("Unhandled", expected)
    *_, said, kind, end_line, report = rig.sink.lines(version.name)
    assert (said, kind) == (f"{message}\n", "Runtime.ExitError\n")
    assert end_line == f"END RequestId: {event.request_id}\n"
    assert report.endswith("Status: error\tError Type: Runtime.ExitError\n")
    assert rig.processes() == []


def test_an_end_while_initialising(rig: Counted) -> None:
    told = rig.fails(rig.function("import os; os._exit(3)"))
    assert told["errorType"] == "Runtime.ExitError"
    assert told["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


NASTY = {
    "a loop": "while True: pass",
    "a sleep": "time.sleep(60)",
    "deaf": "[signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(60)",
    "children": "[os.fork() for _ in range(5)]; time.sleep(60)",
    "a daemon": "os.fork() or (os.setsid(), os.fork() or time.sleep(60)); time.sleep(60)",
    "a fork bomb": "forks()",
    "a fork bomb of sessions": "forks(os.setsid)",
    "a stopped tree": "os.kill(os.getpid(), signal.SIGSTOP)",
    "a thread": "threading.Thread(target=time.sleep, args=(60,)).start(); time.sleep(60)",
}


@pytest.mark.parametrize("how", NASTY)
def test_time_is_up(rig: Counted, how: str) -> None:
    version = rig.function(
        f"""
        import os, signal, threading, time
        def forks(then=lambda: None):
            while True:
                try: os.fork() or then()
                except OSError: time.sleep(0.01)
        def handler(event, context):
            {NASTY[how]}
        """,
        timeout_seconds=1,
        # More than a thousand processes have of their own: time is to be what ends them.
        memory_mb=10_240,
    )
    event = invocation(version, None)
    begun = time.monotonic()
    outcome = rig.pool.invoke(version, event)
    took = time.monotonic() - begun
    message = f"RequestId: {event.request_id} Error: Task timed out after 1.00 seconds"
    expected = f'{{"errorType":"Sandbox.Timedout","errorMessage":"{message}"}}'
    assert outcome.payload.decode() == expected
    assert rig.processes() == []
    assert took < 1 + LIVENESS_SECONDS
    log = "".join(rig.sink.lines(version.name))
    assert re.search(rf"Z {event.request_id} Task timed out after 1.00 seconds\n\n", log)
    assert log.endswith("Status: timeout\n")


def test_functions_weigh_less_than_the_service(rig: Counted) -> None:
    version = rig.function(
        """
        import os
        def handler(event, context):
            session = "/proc/self/autogroup"
            told = open(session).read() if os.path.exists(session) else ""
            return os.getpriority(os.PRIO_PROCESS, 0), told.split()[-1:]
        """
    )
    niceness, session = rig.answer(version)
    assert niceness == os.getpriority(os.PRIO_PROCESS, 0) + 5
    if os.geteuid() == 0 and Path("/proc/self/autogroup").exists():
        # An ordinary user may say so ten times a second only.
        assert session == ["5"]
    rig.pool.retire(version.arn)


def test_a_daemon_that_is_left_behind_goes_with_its_environment(rig: Counted) -> None:
    version = rig.function(
        """
        import os, time
        def handler(event, context):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
            return os.getpid()
        """
    )
    rig.answer(version)
    assert len(rig.processes()) > 2
    rig.pool.retire(version.arn)
    assert rig.processes() == []


MEMORY = {
    "one process": "x = bytearray(400 << 20)",
    "two processes": "os.fork(); x = bytearray(90 << 20); time.sleep(30)",
    "shared": "m = mmap.mmap(-1, 400 << 20); m.write(b'x' * (400 << 20))",
}


@pytest.mark.parametrize("how", MEMORY)
def test_memory_is_used_up(rig: Counted, how: str) -> None:
    version = rig.function(
        f"""
        import mmap, os, time
        def handler(event, context):
            {MEMORY[how]}
            time.sleep(30)
        """
    )
    told = rig.fails(version)
    assert told["errorType"] == "Runtime.OutOfMemory"
    assert told["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert rig.processes() == []


def test_a_sandbox_that_cannot_be_watched_is_ended(rig: Counted) -> None:
    version = rig.function("def handler(event, context): return 1")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = [os.dup(0) for _ in range(5)]
    for each in free:
        os.close(each)
    # Enough for its pipes, and one of what the spawner sends.
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(free) + 1, limits[1]))
    try:
        with pytest.raises(AwsError, match="may open no more files"):
            rig.invoke(version)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert eventually(lambda: rig.processes() == [])
    assert rig.answer(version) == 1
    rig.pool.retire(version.arn)


def test_memory_is_used_up_between_invocations(rig: Counted) -> None:
    version = rig.function(
        """
        import os, signal
        calls = []
        def handler(event, context):
            calls.append(1)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            if len(calls) == 1 and os.fork() == 0:
                signal.sigwait([signal.SIGUSR1])
                x = bytearray(400 << 20)
                signal.pause()
            return len(calls)
        """
    )
    assert [rig.answer(version), rig.answer(version)] == [1, 2]
    for pid, name in below(rig.spawner).items():
        if name.startswith("python") and pid != rig.spawner:
            os.kill(pid, signal.SIGUSR1)
    assert eventually(lambda: rig.processes() == [])
    assert rig.answer(version) == 1
    rig.pool.retire(version.arn)


def test_what_processes_share_counts_once(functions: Rig) -> None:
    version = functions.function(
        """
        import os, time
        held = bytearray(60 << 20)
        for page in range(0, len(held), 4096):
            held[page] = 1
        def handler(event, context):
            children = []
            for _ in range(4):
                child = os.fork()
                if child == 0:
                    time.sleep(0.3)
                    os._exit(0)
                children.append(child)
            return [os.waitpid(child, 0)[1] for child in children]
        """
    )
    assert functions.answer(version) == [0] * 4


def test_an_answer_that_is_too_long_leaves_the_environment_alive(functions: Rig) -> None:
    version = functions.function(
        """
        calls = []
        def handler(event, context):
            calls.append(1)
            return 'x' * event if event else len(calls)
        """
    )
    assert len(functions.answer(version, 6_291_554)) == 6_291_554
    told = functions.fails(version, 6_291_555)
    assert told == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }
    assert functions.answer(version, 0) == 3


def test_output_without_end_is_cut_and_holds_nobody_s_memory(functions: Rig) -> None:
    version = functions.function(
        """
        import os
        def handler(event, context):
            for _ in range(3000):
                os.write(1, b'y' * 65535 + b'\\n')
            return 'done'
        """
    )
    assert functions.answer(version) == "done"
    kept = functions.sink.lines(version.name)
    assert sum(map(len, kept)) < 5 << 20
    assert "Output of this invocation beyond 4 MiB is not kept.\n" in kept
    assert kept[-2].startswith("END ") and kept[-1].startswith("REPORT ")


@pytest.mark.parametrize(
    "code",
    [
        "open('/tmp/full', 'wb').write(b'x' * (80 << 20))",
        "[open('/dev/null') for _ in range(2000)]",
        "[os.fork() or time.sleep(30) for _ in range(2000)]",
    ],
    ids=["disk", "descriptors", "processes"],
)
def test_limits_are_felt_inside_alone(functions: Rig, code: str) -> None:
    version = functions.function(
        f"import os, time\ndef handler(event, context): x = {code}", ephemeral_mb=64, memory_mb=3008
    )
    assert functions.fails(version)["errorType"] in ("OSError", "BlockingIOError")
    functions.pool.retire(version.arn)


def test_an_environment_that_ended_unseen_is_replaced(rig: Counted) -> None:
    version = rig.function(
        """
        import os, sys, threading, time, traceback
        def end():
            # Once the answer is taken: the runtime asks for the next event.
            main = threading.main_thread().ident
            while 'wait_next' not in str(traceback.extract_stack(sys._current_frames()[main])):
                time.sleep(0.001)
            os._exit(1)
        def handler(event, context):
            threading.Thread(target=end).start()
            return 'well'
        """
    )
    for _ in range(3):
        assert rig.answer(version) == "well"
        assert eventually(lambda: rig.processes() == [])


def test_after_a_hundred_ends_nothing_is_left(rig: Counted) -> None:
    fork = "import os, time\ndef handler(e, c): os.fork() or time.sleep(60); os._exit(2)"
    ends = {
        "crash": rig.function("import os\ndef handler(event, context): os._exit(1)"),
        "raise": rig.function("raise ValueError"),
        "fork": rig.function(fork),
        "well": rig.function("def handler(event, context): return 1"),
    }
    rig.fails(ends["crash"])
    before = held(rig)
    for number in range(100):
        version = list(ends.values())[number % len(ends)]
        rig.invoke(version)
        rig.pool.retire(version.arn)
    # Other pools of this process may have let go of something meanwhile.
    assert eventually(lambda: held(rig) <= before and held(rig)[1:] == before[1:]), held(rig)


def held(rig: Counted) -> tuple[int, int, list[str], int]:
    """Descriptors of ours and the spawner's, processes of sandboxes, mounts on the stage."""
    spawner = Path(f"/proc/{rig.spawner}")
    return (
        len(os.listdir("/proc/self/fd")),
        len(os.listdir(spawner / "fd")),
        rig.processes(),
        len((spawner / "mounts").read_text().splitlines()),
    )
