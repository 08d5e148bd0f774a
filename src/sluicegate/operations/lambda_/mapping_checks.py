"""Whether a mapping would work: nobody has the same, and its role may do what its trigger does."""

from collections.abc import Mapping
from typing import Any

from ...errors import AwsError, Unavailable
from ...execution import findings
from ...execution.plan import When
from ...execution.survey import survey
from ...store import mappings
from ...store.database import Tx
from ...store.mappings import EventSourceMapping
from ..operation import Call, RoleSession
from . import roles
from .refusals import conflict, invalid

_SERVICES = {"kafka": "MSK", "ec2": "EC2"}


class _RoleCalls:
    """`RoleCalls` in this process: each call judged as the role's, on the way of anybody's."""

    def __init__(self, call: Call, session: RoleSession) -> None:
        self._call = call
        self._session = session

    def assume(self) -> None:
        asked = {"RoleArn": self._session.role_arn, "RoleSessionName": self._session.name}
        self._call.calls.as_service(self._call, self._session.actor, "sts", "AssumeRole", asked)

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._call.calls.as_role(self._call, self._session, service, operation, params)


def refuse_duplicate(tx: Tx, wanted: EventSourceMapping) -> None:
    """Refuse a second mapping of the same function on the same topic of the same source."""
    for other in mappings.of_account(tx, wanted.account, wanted.region):
        if other.id != wanted.id and _is_same(wanted, other):
            source = wanted.event_source_arn or ",".join(wanted.bootstrap_servers)
            raise conflict(
                f'An event source mapping with event source ("{source}"), '
                f'function ("{wanted.function_arn}"), topics ("{wanted.topic}") already exists. '
                f"Please update or delete the existing mapping with UUID {other.id}"
            )


def _is_same(one: EventSourceMapping, other: EventSourceMapping) -> bool:
    if (one.function_arn, one.topic) != (other.function_arn, other.topic):
        return False
    if one.event_source_arn or other.event_source_arn:
        return one.event_source_arn == other.event_source_arn
    return not set(one.bootstrap_servers).isdisjoint(other.bootstrap_servers)


def check_role(call: Call, mapping: EventSourceMapping, role_arn: str) -> None:
    """Refuse a mapping whose role may not do what its trigger has to do, before there is one.

    Whether brokers can be reached is not asked: that shows when it runs, as on AWS.
    """
    session = roles.session(mapping.unqualified_arn, role_arn)
    refusal = _refusal(survey(mapping, _RoleCalls(call, session), When.CREATE).outcome)
    if refusal is not None:
        raise refusal


def _refusal(outcome: findings.Outcome) -> AwsError | None:
    match outcome:
        case findings.Connection() | findings.PortClosed():
            return None
        case findings.NotAssumed():
            return invalid("The role defined for the function cannot be assumed by Lambda.")
        case findings.Denied(step):
            return invalid(
                "The provided execution role does not have permissions to call "
                f"{step.operation} on {_SERVICES[step.service]}"
            )
        case findings.SecretUnreadable(arn):
            return invalid(
                f"Cannot access secret manager value {arn}. Please ensure the role can perform "
                "the 'secretsmanager:GetSecretValue' action on your broker in IAM."
            )
        case findings.SecretMalformed(arn, type):
            return invalid(f"The secret {arn} does not hold what {type} needs.")
        case findings.SourceGone(arn):
            return invalid(f"Cluster not found: {arn}")
        case findings.SourceNotActive(arn):
            return invalid(f"Cluster not active: {arn}")
        case findings.NoListener(arn, needed):
            return invalid(f"Cluster {arn} has no {needed} access.")
        case findings.NetworkUnusable(operation, code, message):
            return invalid(
                f"Error occurred while {operation}. EC2 Error Code: {code}. "
                f"EC2 Error Message: {message}"
            )
        case findings.Unreachable(message):
            return Unavailable(message)
