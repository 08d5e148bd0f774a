"""Execution roles: who may give one to a function, and whether Lambda may take it on."""

from collections.abc import Iterable

from ...access import Ask
from ...arn import Arn
from ...errors import AccessDenied
from ...execution.roles import SERVICE, session_name
from ...store import principals, tags
from ..operation import Actor, Call, RoleSession
from .refusals import invalid


def ask_pass(call: Call, role_arn: str, function_arn: str) -> Iterable[Ask]:
    """May the caller pass this role to Lambda?

    By its own ARN, as it is assumed by that alone: any other text passes no role, and `check`
    refuses it.
    """
    arn = Arn.find(role_arn)
    if arn is not None and arn.account != call.account:
        raise AccessDenied("Cross-account pass role is not allowed.")
    with call.database.read() as tx:
        name = role_arn.rpartition("/")[2]
        role = principals.role_by_name(tx, call.account, name)
        role_tags = tags.of(tx, role.id) if role and role.arn == role_arn else None
    context = {"iam:PassedToService": SERVICE, "iam:AssociatedResourceArn": function_arn}
    yield Ask("iam:PassRole", role_arn, context=context, tags=role_tags)


def session(function_arn: str, role_arn: str) -> RoleSession:
    """The session Lambda itself opens of a function's role."""
    return RoleSession(Actor(SERVICE, function_arn), role_arn, session_name(function_arn))


def check(call: Call, function_arn: str, role_arn: str) -> None:
    """Refuse a role Lambda cannot assume, by trying to."""
    opened = session(function_arn, role_arn)
    asked = {"RoleArn": role_arn, "RoleSessionName": opened.name}
    try:
        call.calls.as_service(call, opened.actor, "sts", "AssumeRole", asked)
    except AccessDenied:
        raise invalid("The role defined for the function cannot be assumed by Lambda.") from None
