"""KMS lists, a page at a time: Limit and Marker in, NextMarker and Truncated out.

A marker names the operation it is of and what its page ended with.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from ...errors import AwsError
from ..operation import Call, Params, Result

T = TypeVar("T")


def start(call: Call, params: Params) -> str:
    """What the page before this one ended with, '' on the first page."""
    marker = params.get("Marker")
    if marker is None:
        return ""
    try:
        text = base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    operation, _, last = text.partition("\n")
    if operation != call.operation:
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
        marker = f"{call.operation}\n{position(rest[limit - 1])}"
        answer["NextMarker"] = base64.urlsafe_b64encode(marker.encode()).decode()
    return answer
