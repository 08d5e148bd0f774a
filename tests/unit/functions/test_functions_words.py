"""Failures in AWS's words, variables, runtimes' names, log lines."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sluicegate.functions import Credentials, FunctionVersion, entrypoint, failures
from sluicegate.functions.bubblewrap import Inside, arguments, command
from sluicegate.functions.logs import Log, stream_name
from sluicegate.functions.places import Places
from sluicegate.functions.runtimes import Interpreter, Runtimes, architecture
from sluicegate.functions.variables import must_start, variables
from sluicegate.testing import FrozenClock

VERSION = FunctionVersion(
    arn="arn:aws:lambda:us-east-1:000000000000:function:f",
    name="f",
    version="7",
    revision="r",
    runtime="python3.12",
    handler="app.handler",
    code=Path("/code"),
    role_arn="arn:aws:iam::000000000000:role/f",
    account="000000000000",
    region="eu-west-1",
    log_group="/aws/lambda/f",
    memory_mb=256,
    ephemeral_mb=512,
    timeout_seconds=3,
    environment={"PATH": "/mine", "AWS_REGION": "mars"},
)


class Sink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(
        self, _version: FunctionVersion, _stream: str, events: Sequence[tuple[int, str]]
    ) -> None:
        """Keep it."""
        self.lines += [line for _, line in events]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (127, "Runtime exited with error: exit status 127"),
        (128, "Runtime exited with error: exit status 128"),
        (137, "Runtime exited with error: signal: killed"),
        (139, "Runtime exited with error: signal: segmentation fault"),
        (200, "Runtime exited with error: exit status 200"),
    ],
)
def test_ends_have_aws_s_words(code: int, reason: str) -> None:
    failure = failures.exited("id", code)
    expected = '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: %s"}'
    assert failure.payload.decode() == expected % reason


def test_a_function_sets_what_it_may_and_no_more() -> None:
    credentials = Credentials("key", "secret", "token", 0)
    found = variables(VERSION, "stream", credentials, Places())
    assert (found["PATH"], found["AWS_REGION"]) == ("/mine", "eu-west-1")
    assert "TMPDIR" not in found and found["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    executable = dataclasses.replace(VERSION, runtime="provided.al2023")
    found = variables(executable, "stream", credentials, Places(temporary="/scratch"))
    assert found["TMPDIR"] == "/scratch"
    assert not {"AWS_EXECUTION_ENV", "PYTHONPATH"} & set(found)


def test_a_proxy_is_named_in_both_writings_unless_the_function_names_one() -> None:
    credentials = Credentials("key", "secret", "token", 0)

    def proxies(places: Places, **own: str) -> dict[str, str]:
        found = variables(
            dataclasses.replace(VERSION, environment=own), "stream", credentials, places
        )
        return {name: each for name, each in found.items() if name.lower().endswith("_proxy")}

    assert proxies(Places()) == {}
    ours = proxies(Places(proxy="http://gate"), https_proxy="")
    assert ours == {
        "HTTP_PROXY": "http://gate",
        "http_proxy": "http://gate",
        "https_proxy": "",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


@pytest.mark.parametrize(
    ("name", "must"),
    [("COLOUR", False), ("PYTHONHASHSEED", True), ("LD_PRELOAD", True), ("LC_ALL", True)],
)
def test_some_variables_count_only_from_the_start(name: str, must: bool) -> None:
    version = dataclasses.replace(VERSION, environment={name: "x"})
    assert must_start(version) == must
    # Read by the runtime client as it is loaded.
    assert must_start(dataclasses.replace(version, log_format="JSON"))


def test_no_variable_shows_in_a_process_list() -> None:
    inside = Inside("/stage/1", 512, {"PASSWORD": "hush"}, ("/var/task/bootstrap",))
    assert "hush" not in " ".join(command(inside, "/stage", 1024))
    assert "hush" in arguments(inside, "/stage")


class Found(Runtimes):
    """Runtimes of a host that has these."""

    def __init__(self, *names: str, fallback: str = "") -> None:
        super().__init__(fallback=fallback)
        self._found = {
            name: Interpreter(name.removeprefix("python"), "/p", "/p/python") for name in names
        }


def test_a_runtime_that_is_not_there_is_refused_with_what_to_do() -> None:
    runtimes = Found("python3.11")
    assert runtimes.names() == ("python3.11", "provided.al2023", "provided.al2")
    assert runtimes.refusal("python3.11") is None
    assert runtimes.refusal("provided.al2") is None
    assert runtimes.refusal("python3.12") == (
        "Runtime python3.12 is not available on this host: no python3.12 interpreter found. "
        "Available: python3.11, provided.al2023, provided.al2. Install Python 3.12 (e.g. apt "
        "install python3.12, or uv python install 3.12) or set SLUICEGATE_PYTHONS to its path."
    )
    assert "only Python and executables" in (runtimes.refusal("nodejs22.x") or "")


def test_this_host_has_an_architecture_aws_has_a_name_for() -> None:
    assert architecture() in ("x86_64", "arm64")


@pytest.mark.parametrize(
    ("asked", "given"),
    [("python3.9", "python3.10"), ("python3.12", "python3.13"), ("python3.14", "python3.13")],
)
def test_the_nearest_runs_what_is_not_there_where_that_is_asked_for(asked: str, given: str) -> None:
    runtimes = Found("python3.10", "python3.11", "python3.13", fallback="nearest")
    found = runtimes.interpreter(asked)
    assert found is not None and found.name == given
    assert runtimes.refusal(asked) is None


@pytest.fixture
def printed() -> Iterator[tuple[Log, Sink, int]]:
    """A log, its sink, and where its function prints."""
    output, prints = os.pipe()
    sink = Sink()
    log = Log(output, sink, FrozenClock(0), VERSION, "stream")
    yield log, sink, prints
    os.close(prints)
    log.close()


def test_lines_are_events_and_a_part_of_one_waits_for_its_end(
    printed: tuple[Log, Sink, int],
) -> None:
    log, sink, prints = printed
    log.begin("id")
    os.write(prints, b"one\ntw")
    log.read()
    os.write(prints, b"o\nthree \xff")
    log.read()
    log.say("END RequestId: id")
    log.flush()
    said = ["START RequestId: id Version: 7\n", "one\n", "two\n", "three \ufffd"]
    assert sink.lines == [*said, "END RequestId: id\n"]
    assert log.tail.startswith(b"START RequestId: id")


def test_the_tail_is_the_last_four_kilobytes(printed: tuple[Log, Sink, int]) -> None:
    log, _, prints = printed
    log.begin("id")
    os.write(prints, b"x" * 5000 + b"\n")
    log.drain()
    assert log.tail == b"x" * 4095 + b"\n"


def test_streams_are_named_by_day_and_version() -> None:
    assert stream_name("$LATEST", 86_400_000).startswith("1970/01/02/[$LATEST]")


@pytest.mark.parametrize(
    ("content", "mode", "fault"),
    [
        (None, 0, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        (b"#!/bin/sh\n", 0o755, ""),
        (b"\x7fELF...", 0o755, ""),
        (b"#!/bin/sh\n", 0o644, "fork/exec /var/task/bootstrap: permission denied"),
        (b"text", 0o755, "fork/exec /var/task/bootstrap: exec format error"),
    ],
)
def test_an_entry_point_is_looked_at(
    content: bytes | None, mode: int, fault: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "bootstrap").write_bytes(content)
        (tmp_path / "bootstrap").chmod(mode)
    assert entrypoint.fault(tmp_path) == fault


def test_an_entry_point_that_leads_away_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "bootstrap").symlink_to("/etc/passwd")
    assert entrypoint.fault(tmp_path) == ""
