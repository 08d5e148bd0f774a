"""ListSecrets: filters, order, pages."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from ...errors import AwsError
from ...store import secrets, tags
from ...store.secrets import Secret
from ..operation import Call, Params, Result
from . import descriptions, lookup

T = TypeVar("T")

Position = list[int | str]

# Attribute, and whether letter case counts (the model's documentation of Filter).
_ATTRIBUTES: Mapping[str, tuple[Callable[[Secret, Mapping[str, str]], Iterable[str]], bool]] = {
    "name": (lambda secret, _tags: (secret.name,), True),
    "description": (lambda secret, _tags: (secret.description or "",), False),
    "tag-key": (lambda _secret, tags: tags, True),
    "tag-value": (lambda _secret, tags: tags.values(), True),
    "primary-region": (lambda secret, _tags: (secret.primary_region or "",), True),
    # Only secrets that an AWS service made have an owner, and none is made here.
    "owning-service": (lambda _secret, _tags: (), True),
}

_ORDERS: Mapping[str, Callable[[Secret], int | str]] = {
    "created-date": lambda secret: secret.created_ms,
    "last-changed-date": lambda secret: secret.changed_ms,
    "last-accessed-date": lambda secret: secret.accessed_ms or 0,
    "name": lambda secret: secret.name,
}


def matching(call: Call, params: Params) -> list[Secret]:
    """The account's secrets that pass the request's filters, oldest first."""
    with call.database.read() as tx:
        held = secrets.of_account(tx, call.account, call.region, call.now_ms)
        filters = params.get("Filters") or ()
        labels = tags.of_many(tx, [secret.id for secret in held]) if filters else {}
    if not params.get("IncludePlannedDeletion"):
        held = [secret for secret in held if secret.deletion_ms is None]
    return sorted(
        (
            secret
            for secret in held
            if all(_passes(secret, labels.get(secret.id, {}), each) for each in filters)
        ),
        key=lambda secret: (secret.created_ms, secret.id),
    )


def page(
    call: Call,
    params: Params,
    items: Sequence[T],
    position: Callable[[T], Position],
    *,
    default: int,
    order: str = "",
    is_descending: bool = False,
) -> tuple[list[T], str | None]:
    """The page of `items` (in order of `position`) a request asks for, and the next token.

    A token is of one operation and `order`.
    """
    of = [call.operation, order, is_descending]
    limit, last = params.get("MaxResults") or default, _start(params, of)
    rest = list(items)
    if last is not None:
        # Compared as positions are: a token that somebody made up may match none of them.
        try:
            rest = [
                item
                for item in items
                if (position(item) < last if is_descending else position(item) > last)
            ]
        except TypeError:
            raise _invalid_token() from None
    if len(rest) <= limit:
        return rest, None
    text = json.dumps([of, *position(rest[limit - 1])])
    return rest[:limit], base64.urlsafe_b64encode(text.encode()).decode()


def _start(params: Params, of: list[object]) -> Position | None:
    token = params.get("NextToken")
    if token is None:
        return None
    try:
        named, *last = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise _invalid_token() from None
    if named != of or not all(isinstance(part, int | str) for part in last):
        raise _invalid_token()
    return list(last)


def _invalid_token() -> AwsError:
    return AwsError("InvalidNextTokenException", "Invalid NextToken parameter value.")


def _passes(secret: Secret, labels: Mapping[str, str], wanted: Mapping[str, object]) -> bool:
    """Whether any of a filter's values fits; one with `!` in front fits what it does not match."""
    key, values = str(wanted.get("Key") or "all"), wanted.get("Values") or ()
    assert isinstance(values, Iterable)
    return any(_fits(secret, labels, key, str(value)) for value in values)


def _fits(secret: Secret, labels: Mapping[str, str], key: str, value: str) -> bool:
    if value.startswith("!"):
        return not _fits(secret, labels, key, value[1:])
    if key != "all":
        attribute, is_exact = _ATTRIBUTES[key]
        found = attribute(secret, labels)
        if is_exact:
            return any(text.startswith(value) for text in found)
        return any(text.lower().startswith(value.lower()) for text in found)
    texts = [text.lower() for get, _ in _ATTRIBUTES.values() for text in get(secret, labels)]
    return all(any(word in text for text in texts) for word in value.lower().split())


def _list(call: Call, params: Params) -> Result:
    by = params.get("SortBy") or "created-date"
    is_descending = params.get("SortOrder") == "desc"

    def position(secret: Secret) -> Position:
        return [_ORDERS[by](secret), secret.id]

    found = sorted(matching(call, params), key=position, reverse=is_descending)
    shown, token = page(
        call, params, found, position, default=100, order=by, is_descending=is_descending
    )
    ids = [secret.id for secret in shown]
    with call.database.read() as tx:
        labels, placed = tags.of_many(tx, ids), secrets.stages_of_many(tx, ids)
    entries = [
        descriptions.described(
            secret, labels.get(secret.id, {}), placed.get(secret.id, {}), "SecretVersionsToStages"
        )
        for secret in shown
    ]
    return {"SecretList": entries, "NextToken": token}


OPERATIONS = (lookup.on_account("ListSecrets", _list),)
