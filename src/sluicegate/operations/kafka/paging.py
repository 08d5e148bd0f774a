"""A page of a list, and the token that says where the next one begins."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..operation import Params, Result
from .refusals import invalid

T = TypeVar("T")
Key = str | int

_PAGE = 100


def page(
    params: Params,
    member: str,
    entries: Sequence[T],
    key: Callable[[T], Key],
    shown: Callable[[T], object],
) -> Result:
    """The page of `entries` a request asks for; they are in the order of `key`, which is unique."""
    limit = params.get("MaxResults") or _PAGE
    rest = list(entries)
    if params.get("NextToken"):
        last = _opened(params["NextToken"])
        keys = [key(entry) for entry in rest]
        if any(type(each) is not type(last) for each in keys):
            raise _bad_token()
        # One kind of key throughout a list.
        rest = [entry for entry, each in zip(rest, keys, strict=True) if each > last]  # type: ignore[operator]
    token = _sealed(key(rest[limit - 1])) if len(rest) > limit else None
    return {member: [shown(entry) for entry in rest[:limit]], "NextToken": token}


def _sealed(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _opened(token: str) -> Key:
    try:
        key = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _bad_token() from None
    if type(key) not in (str, int):
        raise _bad_token()
    return key  # type: ignore[no-any-return]


def _bad_token() -> Exception:
    return invalid("The specified nextToken is not valid.", "nextToken")
