"""KMS lists, a page at a time: Limit and Marker in, NextMarker and Truncated out."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ...errors import AwsError
from .. import continuing
from ..operation import Call, Params, Result

T = TypeVar("T")


def start(call: Call, params: Params) -> str:
    """What the page before this one ended with, '' on the first page."""
    marker = params.get("Marker")
    last = "" if marker is None else continuing.opened(call, marker)
    if last is None:
        raise AwsError("InvalidMarkerException", "The marker is not one of this list.")
    return last


def page(
    call: Call,
    params: Params,
    member: str,
    items: Sequence[T],
    position: Callable[[T], str],
    shown: Callable[[T], object],
    *,
    default: int = 100,
) -> Result:
    """The page of `items` a request asks for; they are in order of `position`.

    `items` may begin anywhere at or before the page and should hold one item more than it.
    """
    limit, last = params.get("Limit") or default, start(call, params)
    rest = [item for item in items if position(item) > last]
    answer: dict[str, object] = {
        member: [shown(item) for item in rest[:limit]],
        "Truncated": len(rest) > limit,
    }
    if len(rest) > limit:
        answer["NextMarker"] = continuing.sealed(call, position(rest[limit - 1]))
    return answer
