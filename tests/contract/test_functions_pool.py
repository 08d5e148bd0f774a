"""Environments kept, reused, bounded, ended; also when the spawner or the service dies."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.function_code import CREDENTIALS, Rig, eventually, invocation, make_rig
from tests.contract.missing import missing
from tests.contract.test_functions_failures import below, spawners
from tests.contract.test_functions_levels import left_of
from tests.house.sources import ROOT

from sluicegate.errors import AwsError, Corrupted, StartRefused
from sluicegate.functions import Credentials, Functions
from sluicegate.functions.pool import Limits
from sluicegate.functions.runtimes import PYTHONS, Runtimes

SLEEPS = "import time\ndef handler(event, context): time.sleep(event); return 'slept'"


@pytest.fixture
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A pool of its own, of two environments at most; nothing waits ahead."""
    made = make_rig(
        tmp_path_factory.mktemp("pool"), limits=Limits(most=2, ahead=0, wait_seconds=0.2)
    )
    yield made
    made.pool.close()


def test_a_pool_is_what_others_build_against(functions: Rig) -> None:
    pool: Functions = functions.pool
    assert f"python3.{sys.version_info.minor}" in pool.runtimes()
    assert functions.pool.refusal("python3.11") is None


def test_invocations_at_once_have_environments_of_their_own(rig: Rig) -> None:
    version = rig.function("import time, os\ndef handler(e, c): time.sleep(.2); return os.getpid()")
    outcomes = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(rig.invoke(version))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert len(set(rig.sink.streams)) == 2


def test_the_longest_idle_makes_room(rig: Rig) -> None:
    code = "calls = []\ndef handler(event, context): calls.append(1); return len(calls)"
    first, second, third = (rig.function(code) for _ in range(3))
    assert [rig.answer(each) for each in (first, second, second, third)] == [1, 1, 2, 1]
    # The first had to go, the second had not.
    assert [rig.answer(each) for each in (second, first)] == [3, 1]


def test_an_environment_holds_its_code_as_long_as_it_lives(rig: Rig) -> None:
    told: list[str] = []

    def hold() -> Callable[[], None]:
        told.append("held")
        return lambda: told.append("let go")

    def gone() -> Callable[[], None]:
        raise Corrupted("the package is missing")

    code = 'def handler(event, context): __import__("os")._exit(1) if event else None'
    version = rig.function(code, hold=hold)
    for _ in range(2):
        assert rig.answer(version) is None
    assert told == ["held"]
    rig.pool.retire(version.arn)
    assert told == ["held", "let go"]
    rig.fails(version, 1)
    assert told == ["held", "let go"] * 2
    with pytest.raises(Corrupted):
        rig.invoke(rig.function(code, hold=gone))
    executable = rig.package({"nothing": ""}, runtime="provided.al2023", hold=hold)
    assert "bootstrap" in rig.fails(executable)["errorMessage"]
    assert told == ["held", "let go"] * 3


def test_no_more_at_once_than_there_may_be(rig: Rig) -> None:
    version = rig.function(SLEEPS, timeout_seconds=60)
    busy = [threading.Thread(target=rig.invoke, args=(version, 30)) for _ in range(2)]
    for thread in busy:
        thread.start()
    assert eventually(lambda: len(left_of(version.name)) >= 2)
    with pytest.raises(AwsError, match="Rate Exceeded") as refused:
        rig.invoke(version, 0)
    assert (refused.value.code, refused.value.status) == ("TooManyRequestsException", 429)
    rig.pool.forget()
    for thread in busy:
        thread.join()
    assert left_of(version.name) == []


def test_one_function_leaves_room_for_others(tmp_path: Path) -> None:
    limits = Limits(most=3, most_of_one=2, ahead=0, wait_seconds=0.2)
    rig = make_rig(tmp_path, limits=limits)
    slow, other = rig.function(SLEEPS, timeout_seconds=60), rig.function(SLEEPS)
    busy = [threading.Thread(target=rig.invoke, args=(slow, 30)) for _ in range(2)]
    try:
        for thread in busy:
            thread.start()
        assert eventually(lambda: len(left_of(slow.name)) >= 2)
        with pytest.raises(AwsError, match="Rate Exceeded"):
            rig.invoke(slow, 0)
        assert rig.answer(other, 0) == "slept"
    finally:
        rig.pool.close()
        for thread in busy:
            thread.join()


def test_who_waits_takes_what_becomes_free(tmp_path: Path) -> None:
    limits = Limits(most=2, most_of_one=1, ahead=0, wait_seconds=30)
    rig = make_rig(tmp_path, limits=limits)
    version = rig.function("import os\ndef handler(event, context): return os.times().elapsed")
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(rig.answer(version))) for _ in range(3)
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 3 and len(set(rig.sink.streams)) == 1
    finally:
        rig.pool.close()


def test_a_killed_spawner_is_replaced(rig: Rig) -> None:
    before = spawners()
    version = rig.function("def handler(event, context): return event")
    assert rig.answer(version, 1) == 1
    (spawner,) = spawners() - before
    # Stopped, it starts nothing ahead any more that would not be in the list.
    os.kill(spawner, signal.SIGSTOP)
    processes = [pid for pid in below(spawner) if pid != spawner]
    os.kill(spawner, signal.SIGKILL)
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    assert rig.answer(version, 2) == 2


def test_credentials_that_end_soon_are_not_used(tmp_path: Path) -> None:
    given = []

    def soon(_version: object) -> Credentials:
        given.append(1)
        return Credentials(f"key{len(given)}", "secret", "token", CREDENTIALS.expires_ms - 3600_000)

    rig = make_rig(tmp_path, credentials=soon)
    version = rig.function(
        "import os\ndef handler(event, context): return os.environ['AWS_ACCESS_KEY_ID']"
    )
    try:
        assert [rig.answer(version) for _ in range(2)] == ["key1", "key2"]
    finally:
        rig.pool.close()


def test_a_killed_service_leaves_nothing(tmp_path: Path) -> None:
    service = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.test_functions_pool", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert service.stdout is not None and service.stdout.readline() == b"busy\n"
        processes = [pid for pid in below(service.pid) if pid != service.pid]
        service.stdout.close()
    finally:
        service.kill()
        service.wait()
    assert len(processes) > 3
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))


def test_what_cannot_be_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, pythons="/bin/true")
    with pytest.raises(StartRefused, match="`/bin/true` is no Python interpreter"):
        rig.pool.runtimes()
    rig.pool.close()


def others() -> list[str]:
    """Pythons of other versions than ours: all of them where CI=true, else the newest.

    Each takes seconds, of pip and of compiling.
    """
    own = f"python3.{sys.version_info.minor}"
    found = [name for name in PYTHONS if name != own and name in Runtimes().names()]
    return found if os.environ.get("CI") == "true" else found[-1:]


@pytest.mark.parametrize("runtime", others())
def test_every_python_of_the_host_runs_functions(functions: Rig, runtime: str) -> None:
    version = functions.function(
        """
        import os, sys
        import boto3
        def handler(event, context):
            return [sys.version_info[1], os.environ['AWS_EXECUTION_ENV'], boto3.__name__]
        """,
        runtime=runtime,
        memory_mb=512,
    )
    try:
        found = functions.answer(version)
    except AwsError as refused:
        missing(refused.message)
    assert found == [int(runtime.split(".")[1]), f"AWS_Lambda_{runtime}", "boto3"]


def test_the_nearest_python_says_so_in_the_log(tmp_path: Path) -> None:
    lacking = [name for name in PYTHONS if name not in Runtimes().names()]
    if not lacking:
        pytest.skip("every Python is on this host")
    rig = make_rig(tmp_path, runtime_fallback="nearest")
    version = rig.function("def handler(event, context): return 1", runtime=lacking[-1])
    nearest = Runtimes(fallback="nearest").interpreter(lacking[-1])
    assert nearest is not None
    try:
        assert rig.answer(version) == 1
        said = f"{lacking[-1]} is not on this host: run by {nearest.name}.\n"
        assert rig.sink.lines(version.name)[0] == said
    except AwsError as refused:
        missing(refused.message)
    finally:
        rig.pool.close()


def main() -> None:
    """A service in the middle of an invocation, for the test that kills it."""
    rig = make_rig(Path(sys.argv[1]))
    version = rig.function(SLEEPS, timeout_seconds=60)
    thread = threading.Thread(
        target=rig.pool.invoke, args=(version, invocation(version, 50)), daemon=True
    )
    thread.start()
    assert eventually(lambda: bool(left_of(version.name)), seconds=30)
    print("busy", flush=True)
    thread.join()


if __name__ == "__main__":
    main()
