"""Files and functions stay of a size that fits a head: budgets are noted, limits are held."""

import ast
from collections.abc import Iterator

import pytest
from tests.house.sources import shown, texts, trees

_FILE_BUDGET, _FILE_LIMIT = 400, 450
_FUNCTION_BUDGET, _FUNCTION_LIMIT = 40, 60

# Written by scripts/migration, a statement per table.
_GENERATED = "src/sluicegate/store/migrations/"


def test_no_file_is_longer_than_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = {
        shown(path): texts()[path].count("\n")
        for path in trees()
        if not shown(path).startswith(_GENERATED)
    }
    _hold(lengths, _FILE_BUDGET, _FILE_LIMIT, capsys)


def test_no_function_is_longer_than_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = {
        f"{shown(path)} {function.name}": _length(function)
        for path, tree in trees().items()
        if not shown(path).startswith((_GENERATED, "tests/"))
        for function in _functions(tree)
    }
    _hold(lengths, _FUNCTION_BUDGET, _FUNCTION_LIMIT, capsys)


def _hold(
    lengths: dict[str, int], budget: int, limit: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fail beyond the limit; note, on the terminal, what is beyond the budget."""
    for name, length in lengths.items():
        if budget < length <= limit:
            with capsys.disabled():
                print(f"\nnote: {name}: {length} lines, the budget is {budget}")
    assert {name: length for name, length in lengths.items() if length > limit} == {}


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1
