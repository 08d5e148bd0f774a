"""The models' patterns: Java regular expressions, matched as Java's `matches()` does.

A pattern is rewritten where Python reads it differently: Unicode properties become ranges, `.`
stops at every line terminator of Java's, and an inner `[` or a hyphen after a class escape is a
literal. `\\d`, `\\w` and `\\s` are ASCII, as in Java.
"""

import re
import sys
import unicodedata
from functools import cache, lru_cache
from itertools import groupby

_PIECE = re.compile(r"\\p\{\^?\w+\}|\\.|\[\^?\]?|.", re.DOTALL)
_ANY_BUT_LINE_ENDS = "[^\\n\\r\\u0085\\u2028\\u2029]"


def matches(pattern: str, text: str) -> bool:
    """Whether all of `text` is in the language of `pattern`."""
    return compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of a model as Python's; `re.error` if it cannot be (no served model has one)."""
    return re.compile(translated(pattern), re.ASCII)


def translated(pattern: str) -> str:
    """A Java pattern in Python's spelling."""
    out: list[str] = []
    is_in_set = False
    previous = ""
    for piece in _PIECE.findall(pattern):
        written = piece
        if piece.startswith("\\p"):
            written = _property(piece[3:-1])
            written = written if is_in_set else f"[{written}]"
        elif is_in_set:
            if piece.startswith("["):
                written = "".join("\\" + each for each in piece)
            elif piece == "-" and previous[:1] == "\\" and previous[1] in "wdsp":
                written = "\\-"
            is_in_set = piece != "]"
        elif piece.startswith("["):
            is_in_set = True
        elif piece == ".":
            written = _ANY_BUT_LINE_ENDS
        out.append(written)
        previous = piece
    return "".join(out)


def _property(name: str) -> str:
    """The code points of a general category (`L`, `Zs`) as the inside of a set."""
    return "".join(
        ranges for category, ranges in _categories().items() if category.startswith(name)
    )


@cache
def _categories() -> dict[str, str]:
    """Every general category of Unicode as ranges; one pass of some 0.1 s, at first use."""
    found: dict[str, list[str]] = {}
    everything = (unicodedata.category(chr(point)) for point in range(sys.maxunicode + 1))
    first = 0
    for category, run in groupby(everything):
        last = first + sum(1 for _ in run) - 1
        found.setdefault(category, []).append(f"\\U{first:08x}-\\U{last:08x}")
        first = last + 1
    return {category: "".join(ranges) for category, ranges in found.items()}
