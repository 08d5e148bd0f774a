"""Pages of Lambda's lists: Marker, MaxItems, NextMarker."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ..operation import Params
from .refusals import invalid

T = TypeVar("T")

MOST = 50
"""The most one page has, however many were asked for."""


def size(params: Params) -> int:
    """How many entries a page has."""
    return min(params.get("MaxItems") or MOST, MOST)


def start(params: Params) -> str:
    """What the page begins after, "" for the first."""
    marker = params.get("Marker")
    if not marker:
        return ""
    try:
        return base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise invalid("Invalid Marker parameter value.") from None


def marker(last: str) -> str:
    """The marker of the page after the entry `last`."""
    return base64.urlsafe_b64encode(last.encode()).decode()


def page(
    params: Params,
    member: str,
    items: Sequence[T],
    position: Callable[[T], str],
    show: Callable[[T], object],
) -> Mapping[str, object]:
    """The page a request asks for of `items`, which are in order of `position`."""
    after = start(params)
    rest = [item for item in items if position(item) > after]
    shown = rest[: size(params)]
    more = len(rest) > len(shown)
    return {
        member: [show(item) for item in shown],
        "NextMarker": marker(position(shown[-1])) if more else None,
    }
