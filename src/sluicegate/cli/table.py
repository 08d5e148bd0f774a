"""Columns for a terminal."""

import sys
from collections.abc import Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Lines of equally wide columns under their heads; none where there are no rows."""
    if not rows:
        return []
    shown = [heads, *([plain(cell) or "-" for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        indent + "  ".join(map(str.ljust, row, widths)).rstrip()  # the last column has no end
        for row in shown
    ]


def plain(text: str) -> str:
    """`text` on one line, and nothing in it that a terminal obeys: others have written it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def shortened(text: str, longest: int = 48) -> str:
    """`text`, or the beginning of it."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def show_anything() -> None:
    """Have a terminal that lacks a letter show something else in its place."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
