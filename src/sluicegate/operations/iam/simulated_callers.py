"""Who calls in a simulation, and under which circumstances."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...access import Session, principals
from ...arn import Arn, session_arn
from ...errors import AwsError, InvalidInput
from ...iam.model import Context, Principal, PrincipalKind
from ...iam.operands import address, moment, number, octets
from ...store.identities import Entity, Kind

Caller = tuple[Principal, Context]

_ACCOUNT = re.compile("[0-9]{12}")
_KINDS = {kind.noun: kind for kind in Kind}

# As much as a real call may ask policies about.
_LONGEST_VALUE = 16 * 1024
_LONGEST_CONTEXT = 64 * 1024

# What each session has of its own, and no role: it is missing, unless it is sent along.
_OF_ONE_SESSION = frozenset({"aws:userid", "aws:TokenIssueTime"})


def entity_named(arn: str) -> tuple[Kind, str, str] | None:
    """Kind, account and name of the user, group or role of an ARN; None where it is none."""
    found = Arn.find(arn)
    noun, _, rest = found.resource.partition("/") if found else ("", "", "")
    if found is None or found.service != "iam" or noun not in _KINDS or not rest:
        return None
    return _KINDS[noun], found.account, rest.rpartition("/")[2]


def itself(entity: Entity, tags: Mapping[str, str]) -> Caller:
    """A user as it signs, any session of a role; a group is any user in it."""
    if entity.kind is Kind.GROUP:
        return nobody(entity.account)
    if entity.kind is Kind.USER:
        caller = principals.user(entity, "", tags)
        return caller.principal, caller.context
    caller = principals.role_session(entity, "", Session("", 0, 0), tags)
    known = {key: value for key, value in caller.context.items() if key not in _OF_ONE_SESSION}
    return caller.principal, known


def named(arn: str) -> Caller:
    """Whom a call names as its CallerArn: as much as an ARN says, whether there is such a one."""
    found = entity_named(arn)
    if found is None or not _ACCOUNT.fullmatch(found[1]):
        message = "Invalid caller - Caller must be an IAM user, role or group in this context."
        raise AwsError("InvalidInput", message)
    kind, account, name = found
    if kind is Kind.ROLE:
        session = session_arn(account, name, "")
        names = frozenset({session, arn})
        principal = Principal(PrincipalKind.ROLE_SESSION, account, session, "", names, arn)
        return principal, _common(account, "AssumedRole") | {"aws:PrincipalArn": arn}
    principal = Principal(PrincipalKind.USER, account, arn, arn, frozenset({arn}))
    context = _common(account, "User") | {"aws:PrincipalArn": arn, "aws:userid": arn}
    return principal, context | ({"aws:username": name} if kind is Kind.USER else {})


def nobody(account: str) -> Caller:
    """Any user of an account."""
    principal = Principal(PrincipalKind.USER, account, "", "", frozenset())
    return principal, _common(account, "User")


def _common(account: str, type_name: str) -> dict[str, str | tuple[str, ...]]:
    return {
        "aws:PrincipalAccount": account,
        "aws:PrincipalType": type_name,
        "aws:PrincipalIsAWSService": "false",
    }


def owner(params: Mapping[str, Any]) -> str:
    """The account of resources whose ARNs name none, "" for the caller's."""
    text = params.get("ResourceOwner")
    if not text or _ACCOUNT.fullmatch(text):
        return text or ""
    found = Arn.find(text)
    if found is None or found.service != "iam" or not _ACCOUNT.fullmatch(found.account):
        raise AwsError("InvalidInput", "Invalid Resource Owner.")
    return found.account


def entries(sent: Sequence[Mapping[str, Any]]) -> Context:
    """The condition keys a call sends along; one value, or a tuple where the type is a list."""
    context: dict[str, str | tuple[str, ...]] = {}
    for entry in sent:
        name, values = entry.get("ContextKeyName") or "", entry.get("ContextKeyValues") or []
        type_name = entry.get("ContextKeyType") or ("string" if len(values) == 1 else "stringList")
        if name.lower() in map(str.lower, context):
            raise AwsError("InvalidInput", f"Duplicate context key: {name}.")
        if type_name.endswith("List"):
            context[name] = tuple(values)
        elif len(values) == 1:
            context[name] = values[0]
        else:
            message = f"expected a single value, but received {len(values)}."
            raise AwsError("InvalidInput", f"Context key {type_name} {message}")
        for value in values:
            _check(name, type_name.removesuffix("List"), value)
    _refuse_endless(context)
    return context


_FORMATS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "numeric": (number, "numeric format"),
    "date": (moment, "DateTime format"),
    "ip": (address, "IP address"),
    "binary": (octets, "base-64 encoded binary format"),
}


def _check(name: str, type_name: str, value: str) -> None:
    known = _FORMATS.get(type_name)
    if known is None:
        return
    try:
        known[0](value)
    except ValueError:
        message = f"Invalid context value for key {name}: expected {known[1]}."
        raise AwsError("InvalidInput", message) from None


def _refuse_endless(context: Context) -> None:
    sizes = [
        len(value) if isinstance(value, str) else sum(len(each) + 16 for each in value)
        for value in context.values()
    ]
    if sum(sizes) > _LONGEST_CONTEXT or max(sizes, default=0) > _LONGEST_VALUE:
        raise InvalidInput(
            f"what policies are asked about may have {_LONGEST_VALUE} characters a value and "
            f"{_LONGEST_CONTEXT} in all"
        )
