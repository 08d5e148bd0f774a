"""Who is meant by a principal in a resource's policy or a grant."""

import re

from .. import iam
from ..arn import Arn, session_arn
from ..store import identities
from ..store.database import Tx
from ..store.identities import Kind

_ACCOUNT = re.compile("[0-9]{12}")
_KINDS = {"user": Kind.USER, "role": Kind.ROLE}
_PREFIXES = {"AIDA": Kind.USER, "AROA": Kind.ROLE}
# A user, a role, or one session of a role.
_UNIQUE_ID = re.compile(r"(AIDA[A-Z2-7]{17}|AROA[A-Z2-7]{17})(?::([\w+=,.@-]{2,64}))?", re.ASCII)
_SESSION = re.compile(r"([^/]+)/([\w+=,.@-]{2,64})", re.ASCII)


def exists(tx: Tx, name: str) -> bool:
    """Whether a Principal element may name `name`: an account, `*`, or somebody who lives."""
    return name == "*" or bool(_ACCOUNT.fullmatch(name)) or unique_id(tx, name) is not None


def unique_id(tx: Tx, name: str) -> str | None:
    """The unique id that `name` means now, None when there is nobody of that name.

    `name` is an ARN or the id of a user or role. One session of a role has its role's id and its
    own name (`AROA…:NAME`). An account or a federated user has no id: an empty string.
    """
    if kind := _PREFIXES.get(name[:4]):
        is_whole = _UNIQUE_ID.fullmatch(name) and ":" not in name
        return name if is_whole and identities.by_id(tx, kind, name) else None
    arn = Arn.find(name)
    if arn is None or not _ACCOUNT.fullmatch(arn.account):
        return None
    noun, _, rest = arn.resource.partition("/")
    match arn.service, noun:
        case "iam", "root":
            return None if rest else ""
        case "iam", "user" | "role" if rest:
            entity = identities.find(tx, _KINDS[noun], arn.account, rest.rsplit("/", 1)[-1])
            return entity.id if entity and entity.arn == name else None
        case "sts", "assumed-role" if session := _SESSION.fullmatch(rest):
            role = identities.find(tx, Kind.ROLE, arn.account, session[1])
            is_its = role is not None and session_arn(role.account, role.name, session[2]) == name
            return f"{role.id}:{session[2]}" if role and is_its else None
        case "sts", "federated-user" if rest:
            return ""
    return None


def of_grant(name: str, entity_id: str) -> str:
    """The name decisions know for the principal `name` of a grant, whose user or role had that id.

    A grant keeps the role's id for a session too.
    """
    session = name.rpartition("/")[2] if ":assumed-role/" in name else ""
    return f"{entity_id}:{session}" if entity_id and session else entity_id or name


def pinned(tx: Tx, text: str) -> str:
    """A checked policy with unique ids in the place of users', roles' and sessions' ARNs.

    So that somebody who is deleted and made again under the same name is not meant by it.
    """
    return iam.rewrite_principals(text, lambda name: unique_id(tx, name) or name)


def shown(tx: Tx, text: str) -> str:
    """A stored policy as it is read back: the ARNs of those who live, the ids of those gone."""

    def show(name: str) -> str:
        found = _UNIQUE_ID.fullmatch(name)
        entity = identities.by_id(tx, _PREFIXES[name[:4]], found[1]) if found else None
        if found is None or entity is None:
            return name
        return session_arn(entity.account, entity.name, found[2]) if found[2] else entity.arn

    return iam.rewrite_principals(text, show)
