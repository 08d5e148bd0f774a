"""Versions of a secret and their staging labels: writing, moving, keeping about a hundred."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...errors import AwsError
from ...store import secrets
from ...store.database import Tx
from ...store.secrets import Secret, Version
from ..operation import Call, Params
from . import envelopes
from .envelopes import Value

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"

_KEPT = 100
_MOST = 1_000
_LABELS_PER_VERSION = 20
_DAY_MS = 86_400_000


def id_of(params: Params) -> str:
    """The id a new version gets: the request's token, so that a retry makes no second one."""
    return params.get("ClientRequestToken") or str(uuid.uuid4())


def sealed(call: Call, secret: Secret, version_id: str, value: Value) -> Version:
    """A new version that holds `value`, encrypted as the caller and not stored yet."""
    return Version(
        secret_id=secret.id,
        id=version_id,
        position=0,
        sealed=envelopes.seal(call, secret, version_id, value),
        kms_key=secret.kms_key,
        created_ms=call.now_ms,
    )


def existing(call: Call, secret: Secret, version_id: str, value: Value) -> Version | None:
    """The version with this id if it holds the same value; another value is refused."""
    with call.database.read() as tx:
        version = secrets.version(tx, secret.id, version_id)
    if version is None or envelopes.unseal(call, secret, version) == value:
        return version
    raise in_use(secret, version_id)


def in_use(secret: Secret, version_id: str) -> AwsError:
    """AWS's refusal of a token that was used for another value."""
    return AwsError(
        "ResourceExistsException",
        f"You can't use ClientRequestToken {version_id} because that value is already in use "
        f"for a version of secret {secret.arn}.",
    )


def add(tx: Tx, secret: Secret, version: Version, labels: Iterable[str], now_ms: int) -> None:
    """Store a version, put its labels on it and drop old versions; all in this transaction.

    INVARIANT: AWSCURRENT and AWSPREVIOUS move together or not at all.
    """
    position = secrets.next_position(tx, secret.id)
    placed = secrets.stages(tx, secret.id)
    # The first version is current whatever the request says.
    wanted = [*labels, *([CURRENT] if position == 0 else [])]
    secrets.add_version(tx, replace(version, position=position))
    put_labels(tx, secret.id, move(placed, version.id, wanted))
    _drop_old(tx, secret.id, now_ms)


def move(placed: Mapping[str, str], version_id: str, labels: Iterable[str]) -> dict[str, str]:
    """Where labels are after `labels` went to a version: the former current one is previous."""
    moved = dict(placed)
    for label in labels:
        former = moved.get(label)
        if label == CURRENT and former not in (None, version_id):
            moved[PREVIOUS] = str(former)
        moved[label] = version_id
    return moved


def put_labels(tx: Tx, secret_id: str, placed: dict[str, str]) -> None:
    """Store where the labels are; a version can have twenty of them."""
    on_one = max(map(len, by_version(placed).values()), default=0)
    if on_one > _LABELS_PER_VERSION:
        raise AwsError(
            "LimitExceededException",
            f"A version can have at most {_LABELS_PER_VERSION} staging labels.",
        )
    secrets.put_stages(tx, secret_id, placed)


def by_version(placed: Mapping[str, str]) -> dict[str, list[str]]:
    """The labels of each version that has any."""
    found: dict[str, list[str]] = {}
    for label, version_id in placed.items():
        found.setdefault(version_id, []).append(label)
    return found


def _drop_old(tx: Tx, secret_id: str, now_ms: int) -> None:
    """Keep a hundred versions; labelled ones and those of the last day are never dropped."""
    held = secrets.ages(tx, secret_id)
    labelled = set(secrets.stages(tx, secret_id).values())
    droppable = [
        version_id
        for version_id, created_ms in held.items()
        if version_id not in labelled and created_ms <= now_ms - _DAY_MS
    ]
    dropped = droppable[: max(0, len(held) - _KEPT)]
    if len(held) - len(dropped) > _MOST:
        raise AwsError(
            "LimitExceededException",
            f"A secret can have at most {_MOST} versions. Those without staging labels are "
            "removed when they are a day old.",
        )
    secrets.remove_versions(tx, secret_id, dropped)
