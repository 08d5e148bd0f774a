"""Who is meant by a principal in a key policy or a grant."""

import re

from ... import iam
from ...arn import Arn
from ...store import identities
from ...store.database import Tx
from ...store.identities import Kind

_ACCOUNT = re.compile(r"\d{12}")
_KINDS = {"user": Kind.USER, "role": Kind.ROLE}
_PREFIXES = {"AIDA": Kind.USER, "AROA": Kind.ROLE}


def exists(tx: Tx, name: str) -> bool:
    """Whether a Principal element may name `name`: an account, `*`, or somebody who lives."""
    return name == "*" or bool(_ACCOUNT.fullmatch(name)) or unique_id(tx, name) is not None


def unique_id(tx: Tx, name: str) -> str | None:
    """The unique id that `name` means now, None when there is nobody of that name.

    `name` is an ARN or a unique id. An account, a federated user or one session of a role has no
    id of its own: an empty string (a session's role must exist).
    """
    if kind := _PREFIXES.get(name[:4]):
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


def pinned(tx: Tx, text: str) -> str:
    """A checked policy with unique ids in the place of users' and roles' ARNs.

    So that somebody who is deleted and made again under the same name is not meant by it.
    """
    return iam.rewrite_principals(text, lambda name: unique_id(tx, name) or name)


def shown(tx: Tx, text: str) -> str:
    """A stored policy as it is read back: the ARNs of those who live, the ids of those gone."""

    def show(name: str) -> str:
        kind = _PREFIXES.get(name[:4])
        entity = identities.by_id(tx, kind, name) if kind else None
        return entity.arn if entity else name

    return iam.rewrite_principals(text, show)
