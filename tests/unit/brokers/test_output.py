"""What a node's last words mean."""

import os
from pathlib import Path

import pytest

from sluicegate.brokers.output import LOG, Output, meaning


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("java.io.IOException: No space left on device", "no space is left on the disk of its"),
        ("java.net.BindException: Address already in use", "a port it needs is taken: "),
        ("java.nio.file.AccessDeniedException: data", "it may not read or write its folder"),
        ("Terminating due to java.lang.OutOfMemoryError: Java heap space", "out of memory: "),
        ("The data folder belongs to another cluster: x", "its data folder belongs to another"),
    ],
)
def test_a_known_cause_is_named_wherever_it_stands(line: str, sentence: str) -> None:
    lines = ["2026-11-26T22:00:00,000 ERROR Log: Something", line, "and then more"]
    assert meaning(lines, 1).startswith(sentence)
    assert line in meaning(lines, 1)


def test_else_the_first_error_is_told() -> None:
    lines = [
        "2026-11-26T22:00:00,000 WARN Log: a trifle",
        "2026-11-26T22:00:00,001 ERROR Kafka: Exiting due to this",
        "2026-11-26T22:00:00,002 ERROR Kafka: and that",
    ]
    assert meaning(lines, 1) == "Kafka: Exiting due to this"


def test_else_the_signal_as_the_system_or_the_jvm_puts_it() -> None:
    assert meaning(["a trifle"], -9) == "it was ended by signal 9"
    assert meaning(["a trifle"], 143) == "it was ended by signal 15"


def test_else_the_last_line() -> None:
    assert meaning(["first", "last", ""], 1) == "it ended with status 1: last"
    assert meaning([], 1) == "it ended with status 1: it said nothing"


def test_a_long_line_is_cut() -> None:
    assert len(meaning(["No space left on device" + "x" * 5000], 1)) < 400


def read(folder: Path, said: bytes) -> tuple[list[str], list[str]]:
    """The lines kept of a node that says this, and how often its cache was called stale."""
    stale: list[str] = []
    reading, writing = os.pipe()
    output = Output("test", os.fdopen(reading, "rb"), folder, lambda: stale.append("stale"))
    with os.fdopen(writing, "wb") as node:
        node.write(said)
    return output.lines(10), stale


def test_the_log_is_bounded_and_the_last_lines_are_kept(tmp_path: Path) -> None:
    lines, _ = read(tmp_path, b"".join(b"line %d\n" % number for number in range(120_000)))
    assert lines[-1] == "line 119999" and len(lines) == 200
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == [LOG, f"{LOG}.1"]
    assert all(path.stat().st_size < 1_100_000 for path in tmp_path.iterdir())
    assert (tmp_path / LOG).stat().st_mode & 0o077 == 0


def test_a_log_that_cannot_be_written_hides_nothing(tmp_path: Path) -> None:
    lines, _ = read(tmp_path / "missing", b"No space left on device\n")
    assert lines == ["No space left on device"]


def test_the_jvms_word_on_its_cache_is_heard_once(tmp_path: Path) -> None:
    said = b"[0.003s][error  ][aot] Loading static archive failed.\n" * 3
    assert read(tmp_path, said)[1] == ["stale"]
    assert read(tmp_path, b"[0.003s][warning][aot] a trifle\n")[1] == []
