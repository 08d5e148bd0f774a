"""The files of this repository, as a reader of a fresh clone finds them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_NOT_OURS = frozenset({"__pycache__", "dist"})
_HIDDEN_BUT_OURS = frozenset({".ci", ".gitignore"})


@cache
def files() -> tuple[Path, ...]:
    """Every file of ours; no caches, no environment."""
    return tuple(sorted(_under(ROOT)))


@cache
def texts() -> dict[Path, str]:
    """What can be read of them as text, by path."""
    found = {}
    for path in files():
        try:
            found[path] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return found


@cache
def trees() -> dict[Path, ast.Module]:
    """Every Python file, parsed; scripts without a suffix as well."""
    return {path: ast.parse(text) for path, text in texts().items() if _is_python(path, text)}


def under(folder: str) -> dict[Path, ast.Module]:
    """The Python files of one folder of the repository."""
    return {path: tree for path, tree in trees().items() if path.is_relative_to(ROOT / folder)}


def shown(path: Path) -> str:
    """How a finding names a file."""
    return str(path.relative_to(ROOT))


def _under(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        is_hidden = path.name.startswith(".") and path.name not in _HIDDEN_BUT_OURS
        if is_hidden or path.name in _NOT_OURS or path.is_symlink():
            continue
        if path.is_dir():
            yield from _under(path)
        else:
            yield path


def _is_python(path: Path, text: str) -> bool:
    return path.suffix == ".py" or text.partition("\n")[0].endswith("python3")
