"""Pages of lists: NextToken and MaxResults in, NextToken out."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..operation import Call, Params, Result
from .refusals import invalid

T = TypeVar("T")

_MOST = 20


def page(
    call: Call,
    params: Params,
    member: str,
    items: Sequence[T],
    key: Callable[[T], str],
    shown: Callable[[T], object],
) -> Result:
    """The page of `items` a call asks for; they are in order of `key`.

    A token names the operation and the last key shown, so a list may change between two pages.
    """
    last, limit = _opened(call, params.get("NextToken")), params.get("MaxResults") or _MOST
    rest = [item for item in items if key(item) > last]
    answer: dict[str, object] = {member: [shown(item) for item in rest[:limit]]}
    if len(rest) > limit:
        token = f"{call.operation}\n{key(rest[limit - 1])}"
        answer["NextToken"] = base64.urlsafe_b64encode(token.encode()).decode()
    return answer


def _opened(call: Call, token: str | None) -> str:
    if token is None:
        return ""
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    operation, _, last = text.partition("\n")
    if operation != call.operation:
        raise invalid("INVALID_NEXT_TOKEN")
    return last
