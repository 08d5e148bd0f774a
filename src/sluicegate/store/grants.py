"""Grants on KMS keys: permissions that stand beside policies and can be retired."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from . import epoch
from .database import Tx
from .keys import arn_of, key_grants, keys


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """A grant on `key_id`.

    `grantee` and `retiring` are as given (an ARN or a service's name); `…_id` is the unique id the
    ARN meant when the grant was made, so that a principal made again is not meant. `constraints`
    are spelled as the API has them: EncryptionContextSubset, EncryptionContextEquals, SourceArn.
    """

    id: str
    key_id: str
    name: str | None
    grantee: str
    grantee_id: str
    retiring: str
    retiring_id: str
    issuing_account: str
    operations: tuple[str, ...]
    constraints: Mapping[str, object]
    created_ms: int


def create(tx: Tx, grant: KeyGrant) -> None:
    """Add a grant."""
    tx.execute(
        key_grants.insert().values(
            id=grant.id,
            key_id=grant.key_id,
            name=grant.name,
            grantee=grant.grantee,
            grantee_id=grant.grantee_id,
            retiring=grant.retiring,
            retiring_id=grant.retiring_id,
            issuing_account=grant.issuing_account,
            operations=json.dumps(grant.operations),
            constraints=json.dumps(dict(grant.constraints)),
            created_ms=grant.created_ms,
        )
    )
    epoch.bump(tx)


def find(tx: Tx, grant_id: str) -> KeyGrant | None:
    """The grant with that id."""
    row = tx.execute(sa.select(key_grants).where(key_grants.c.id == grant_id)).one_or_none()
    return None if row is None else _grant(row)


def of_key(tx: Tx, key_id: str) -> list[KeyGrant]:
    """The grants on one key, by id."""
    query = sa.select(key_grants).where(key_grants.c.key_id == key_id).order_by(key_grants.c.id)
    return [_grant(row) for row in tx.execute(query)]


def to(tx: Tx, key_id: str, names: Iterable[str]) -> list[KeyGrant]:
    """The grants on one key whose grantee is meant by any of `names`, by id.

    Where a grantee has a unique id, only that means it.
    """
    asked = {"key_id": key_id, "names": list(names)}
    return [_grant(row) for row in tx.execute(_TO, asked)]


def named(tx: Tx, key_id: str, name: str) -> list[KeyGrant]:
    """The grants on one key that were made with this name."""
    query = sa.select(key_grants).where(key_grants.c.key_id == key_id, key_grants.c.name == name)
    return [_grant(row) for row in tx.execute(query)]


def count(tx: Tx, key_id: str) -> int:
    """How many grants there are on one key."""
    query = sa.select(sa.func.count()).select_from(key_grants)
    return tx.execute(query.where(key_grants.c.key_id == key_id)).scalar_one()


def retirable(tx: Tx, region: str, retiring: str, now_ms: int) -> list[tuple[KeyGrant, str]]:
    """The grants in a region a principal may retire, by id, each with its key's ARN."""
    query = (
        sa.select(key_grants, keys.c.account)
        .join(keys, keys.c.id == key_grants.c.key_id)
        .where(key_grants.c.retiring == retiring, keys.c.region == region)
        .where(sa.or_(keys.c.deletion_ms.is_(None), keys.c.deletion_ms > now_ms))
    )
    return [
        (_grant(row), arn_of(row.account, region, row.key_id))
        for row in tx.execute(query.order_by(key_grants.c.id))
    ]


def delete(tx: Tx, grant_id: str) -> None:
    """Retire or revoke a grant."""
    tx.execute(key_grants.delete().where(key_grants.c.id == grant_id))
    epoch.bump(tx)


# Made once: each use of a key asks it, and making a statement takes as long as running it.
_TO = (
    sa.select(key_grants)
    .where(
        key_grants.c.key_id == sa.bindparam("key_id"),
        sa.or_(
            key_grants.c.grantee_id.in_(sa.bindparam("names", expanding=True)),
            sa.and_(
                key_grants.c.grantee_id == "",
                key_grants.c.grantee.in_(sa.bindparam("names", expanding=True)),
            ),
        ),
    )
    .order_by(key_grants.c.id)
)


def _grant(row: sa.Row[tuple[object, ...]]) -> KeyGrant:
    return KeyGrant(
        id=row.id,
        key_id=row.key_id,
        name=row.name,
        grantee=row.grantee,
        grantee_id=row.grantee_id,
        retiring=row.retiring,
        retiring_id=row.retiring_id,
        issuing_account=row.issuing_account,
        operations=tuple(json.loads(row.operations)),
        constraints=json.loads(row.constraints),
        created_ms=row.created_ms,
    )
