"""Who is meant by a principal in a key policy or a grant."""

import re

from ...arn import Arn
from ...store import identities
from ...store.database import Tx
from ...store.identities import Kind

_ACCOUNT = re.compile(r"\d{12}")
_KINDS = {"user": Kind.USER, "role": Kind.ROLE}


def exists(tx: Tx, name: str) -> bool:
    """Whether a Principal element may name `name`: an account, `*`, or somebody who lives."""
    return name == "*" or bool(_ACCOUNT.fullmatch(name)) or unique_id(tx, name) is not None


def unique_id(tx: Tx, name: str) -> str | None:
    """The unique id that `name` means now, None when there is nobody of that name.

    `name` is an ARN or a unique id. An account, a federated user or one session of a role has no
    id of its own: an empty string (a session's role must exist).
    """
    if name.startswith(("AIDA", "AROA")):
        kind = Kind.USER if name.startswith("AIDA") else Kind.ROLE
        return name if identities.by_id(tx, kind, name) else None
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
        case "sts", "assumed-role" if "/" in rest:
            role = identities.find(tx, Kind.ROLE, arn.account, rest.split("/", 1)[0])
            return "" if role else None
        case "sts", "federated-user" if rest:
            return ""
    return None
