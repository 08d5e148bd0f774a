"""How much of everything an account may have, and what is said when it is too much."""

from ...errors import AwsError
from ...store.identities import Entity, Kind

PER_ACCOUNT = {Kind.USER: 5000, Kind.GROUP: 300, Kind.ROLE: 1000}
POLICIES_PER_ACCOUNT = 1500
VERSIONS_IN_USE = 10_000
VERSIONS_PER_POLICY = 5
POLICY_SIZE = 6144
TRUST_SIZE = 2048
INLINE_SIZE = {Kind.USER: 2048, Kind.GROUP: 5120, Kind.ROLE: 10_240}
ATTACHED = 10
GROUPS_PER_USER = 10
KEYS_PER_USER = 2
TAGS = 50

_PLURALS = {Kind.USER: "Users", Kind.GROUP: "Groups", Kind.ROLE: "Roles"}


def plural(kind: Kind) -> str:
    """Users, Groups, Roles: the word of lists and quotas."""
    return _PLURALS[kind]


def within(number: int, quota: str, limit: int) -> None:
    """Refuse more than `limit` of what the quota counts."""
    if number > limit:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for {quota}: {limit}")


def within_inline(entity: Entity, characters: int) -> None:
    """Refuse embedded policies that are too long together."""
    limit = INLINE_SIZE[entity.kind]
    if characters > limit:
        raise AwsError(
            "LimitExceeded",
            f"Maximum policy size of {limit} bytes exceeded for {entity.kind.noun} {entity.name}",
        )
