"""Pages of lists: NextToken and MaxResults in, NextToken out."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from .. import continuing
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
    """The page of `items` a call asks for; they are in order of `key`."""
    last, limit = _opened(call, params.get("NextToken")), params.get("MaxResults") or _MOST
    rest = [item for item in items if key(item) > last]
    answer: dict[str, object] = {member: [shown(item) for item in rest[:limit]]}
    if len(rest) > limit:
        answer["NextToken"] = continuing.sealed(call, key(rest[limit - 1]))
    return answer


def _opened(call: Call, token: str | None) -> str:
    last = "" if token is None else continuing.opened(call, token)
    if last is None:
        raise invalid("INVALID_NEXT_TOKEN")
    return last
