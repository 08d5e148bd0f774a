"""Imports point down, doors are opened once, and the middle stays pure."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.house.sources import ROOT, shown, under

_MAY_BE_IMPORTED_BY_THE_MIDDLE = frozenset(
    {
        *("base64", "binascii", "bisect", "collections", "dataclasses", "datetime", "decimal"),
        *("enum", "functools", "ipaddress", "itertools", "json", "math", "operator", "re", "types"),
        "typing",
    }
)
_PURE = {
    "src/sluicegate/iam": _MAY_BE_IMPORTED_BY_THE_MIDDLE,
    "src/sluicegate/network.py": _MAY_BE_IMPORTED_BY_THE_MIDDLE,
    "src/sluicegate/reach.py": _MAY_BE_IMPORTED_BY_THE_MIDDLE,
    "src/sluicegate/delivery": _MAY_BE_IMPORTED_BY_THE_MIDDLE | {"msgspec"},
}


def test_every_contract_of_pyproject_is_kept() -> None:
    # In a process of its own: the linter turns every logger of its process off.
    linter = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("part", _PURE)
def test_the_middle_imports_nothing_that_does_anything(part: str) -> None:
    # The contract forbids what we thought of; this allows what we looked at.
    found = {
        f"{shown(path)}: {name}"
        for path, tree in under(part).items()
        for name in _imported(tree)
        if name not in _PURE[part]
    }
    assert not found


@pytest.mark.parametrize("part", _PURE)
def test_the_middle_opens_and_prints_nothing(part: str) -> None:
    reaching = {"open", "print", "input", "exec", "eval", "__import__"}
    found = {
        f"{shown(path)}:{node.lineno}: {node.id}"
        for path, tree in under(part).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in reaching
    }
    assert not found


def test_the_page_of_rooms_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    (rooms,) = re.findall(r"## Rooms\n.*?```\n(.*?)```\n(.*?)\n## ", page, re.DOTALL)
    named = set(re.findall(r"^[a-z_]+|(?<= )[a-z_]+|(?<=`)[a-z_]+", "\n".join(rooms), re.MULTILINE))
    source = ROOT / "src" / "sluicegate"
    assert {path.stem for path in source.iterdir() if _is_room(path)} - named == set()


def test_imports_are_relative_inside_and_absolute_outside() -> None:
    found = {
        f"{shown(path)}: {name}"
        for path, tree in under("src").items()
        for name in _imported(tree)
        if name == "sluicegate"
    }
    assert not found


def _is_room(path: Path) -> bool:
    if path.suffix == ".py":
        return not path.name.startswith("__")
    return (path / "__init__.py").exists()


def _imported(tree: ast.Module) -> Iterator[str]:
    """The first names of what is imported from outside the package, wherever it is."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    yield alias.name.partition(".")[0]
            case ast.ImportFrom(level=0, module=str(module)):
                yield module.partition(".")[0]
