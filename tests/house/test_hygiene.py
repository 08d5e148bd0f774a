"""What must stand nowhere in the repository, and what must stand somewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.house.sources import ROOT, shown, texts, trees, under

_NOWHERE = {
    "a package registry's host": r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|crates\.io",
    "a proxy or mirror of one": r"proxy\.golang\.org|repo\.maven\.apache\.org|--index-url\b",
    "a path of one machine": r"(?<![\w:.])/(root|work|home/\w+)/",
    "a to-do without a number": r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))",
    "a merge conflict": r"^(<{7}|>{7}) ",
}
_STAND_INS = r"unittest\.mock|\bmock\.patch|monkeypatch\.(setattr|delattr|setitem|delitem)"
_LOCKS = (
    "requirements.lock",
    "runtime.lock",
    "tests/system/aws-cli.lock",
    "benchmarks/faststream.lock",
    "benchmarks/quix.lock",
)
_MAY_PRINT = ("src/sluicegate/cli/", "src/sluicegate/serve/")


@pytest.mark.parametrize("what", _NOWHERE)
def test_no_file_names(what: str) -> None:
    assert list(_lines(_NOWHERE[what])) == []


def test_tests_put_nothing_in_the_place_of_our_code() -> None:
    found = [line for line in _lines(_STAND_INS) if line.startswith("tests/")]
    assert found == []


def test_only_the_command_line_and_serve_print() -> None:
    found = {
        f"{shown(path)}:{node.lineno}"
        for path, tree in under("src").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "print"
        if not shown(path).startswith(_MAY_PRINT)
    }
    assert found == set()


def test_every_module_says_what_it_is_for() -> None:
    found = {
        shown(path)
        for path, tree in trees().items()
        if not shown(path).startswith("tests/") and not ast.get_docstring(tree)
    }
    assert found == set()


def test_the_licence_is_there() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()


@pytest.mark.parametrize("name", _LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_index(name: str) -> None:
    lock = (ROOT / name).read_text()
    assert re.search(r"^\s*--|://", lock.replace("--hash=", ""), re.MULTILINE) is None
    # An entry begins at the margin; its hashes follow, indented.
    entries = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+ ", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_there_is_no_other_lock() -> None:
    assert {shown(path) for path in texts() if path.suffix == ".lock"} == set(_LOCKS)


def _lines(pattern: str) -> Iterator[str]:
    """Where `pattern` matches: file, number and line."""
    wanted = re.compile(pattern)
    for path, text in texts().items():
        # This file has to name them. A search of the whole first: few files have a hit.
        if path == Path(__file__) or not re.search(pattern, text, re.MULTILINE):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if wanted.search(line):
                yield f"{shown(path)}:{number}: {line.strip()}"
