"""Checks of what the execution role may do, part by part of the call plan."""

from ...execution import findings, secrets
from ...execution.findings import Outcome
from ...store.mappings import EventSourceMapping
from .model import Check, Permission, Verdict
from .role import ExaminedRole

TRUST, CLUSTER, NETWORK, SECRET = "trust", "cluster", "network", "secret"
LOGS, INTERFACES = "logs", "interfaces"

OPERATIONS = {
    TRUST: ("AssumeRole",),
    CLUSTER: ("DescribeCluster", "GetBootstrapBrokers"),
    NETWORK: (
        *("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups"),
        *("DescribeNetworkInterfaces", "CreateNetworkInterface"),
    ),
    SECRET: ("GetSecretValue",),
    LOGS: ("CreateLogGroup", "CreateLogStream", "PutLogEvents"),
    INTERFACES: ("DeleteNetworkInterface",),
}
"""The operations of the call plan, by the check each belongs to."""

_WITHOUT = {
    LOGS: "the function runs, and what it prints is lost",
    INTERFACES: "the trigger works, and leaves its network interfaces behind when it goes",
}
"""What a trigger loses that goes on without."""

_GRANTS_NOTHING = (
    "ec2:Describe* actions have no resource-level permissions: a statement that limits them to an "
    "ARN grants nothing"
)


def check(name: str, role: ExaminedRole, outcome: Outcome) -> Check:
    """One part: its permissions, and what else is wrong with what it is about."""
    found = tuple(each for one in OPERATIONS[name] for each in role.found.get(one, ()))
    denied = [each for each in found if not each.is_allowed]
    wrong = _wrong(outcome)
    if denied:
        verdict = Verdict.WARNING if name in _WITHOUT else Verdict.PROBLEM
        return Check(name, verdict, _denied(name, denied), _next(denied), found)
    if wrong is not None and wrong.name == name:
        return Check(name, wrong.verdict, wrong.what, wrong.next, found)
    if not found:
        return Check(name, Verdict.SKIPPED, role.hidden or "not reached")
    limited = any(_is_limited(each) for each in found)
    what = f"allowed: {_named(found)}"
    return Check(name, Verdict.OK, f"{what}; {_GRANTS_NOTHING}" if limited else what, "", found)


def has_secrets(mapping: EventSourceMapping) -> bool:
    """Whether a mapping has anything to read before it can connect."""
    return bool(secrets.of(mapping.access))


def _denied(name: str, denied: list[Permission]) -> str:
    what = f"denied: {_named(denied)}"
    if name == TRUST:
        what = "lambda.amazonaws.com may not assume the role"
    elif any(_is_limited(each) for each in denied):
        what += f"; {_GRANTS_NOTHING}"
    return f"{what}; {_WITHOUT[name]}" if name in _WITHOUT else what


def _next(denied: list[Permission]) -> str:
    """Where a refusal is explained; what it takes is told with all that the role lacks."""
    known = next((each.id for each in denied if each.id), "")
    return f"sluicegate explain {known}" if known else ""


def _named(permissions: "tuple[Permission, ...] | list[Permission]") -> str:
    return ", ".join(dict.fromkeys(each.action for each in permissions))


def _is_limited(permission: Permission) -> bool:
    """Whether a statement would allow describing networks, but for an ARN it names."""
    is_describing = permission.action.startswith("ec2:Describe")
    return is_describing and any(" only on " in each for each in permission.near)


def _wrong(outcome: Outcome) -> Check | None:
    """What is wrong with a source whatever the role may do."""
    match outcome:
        case findings.SourceGone(arn):
            return _problem(CLUSTER, f"there is no cluster {arn}", "aws kafka list-clusters-v2")
        case findings.SourceNotActive(arn, state):
            return _problem(CLUSTER, f"{arn} is {state}", "sluicegate status")
        case findings.NoListener(arn, needed):
            return _problem(
                CLUSTER,
                f"the cluster has no {needed} access, which is what the mapping's source access "
                "configurations call for; no other listener is tried",
                f"aws kafka update-security --cluster-arn {arn}, or name a secret",
            )
        case findings.NetworkUnusable(operation, code, message):
            return _problem(NETWORK, f"{operation}: {code}: {message}", "aws ec2 describe-subnets")
        case findings.PortClosed(port, reason):
            return _problem(
                NETWORK,
                f"port {port} of the brokers is closed to the trigger's interfaces: {reason}",
                "let the group in from itself: aws ec2 authorize-security-group-ingress --group-id "
                f"GROUP --source-group GROUP --protocol tcp --port {port}",
            )
        case findings.SecretUnreadable(arn, message):
            return _problem(
                SECRET,
                f"{arn} cannot be read: {message}",
                f"aws secretsmanager describe-secret --secret-id {arn}",
            )
        case findings.SecretMalformed(arn, kind):
            return _problem(
                SECRET,
                f"{arn} does not hold what {kind} needs",
                f"aws secretsmanager put-secret-value --secret-id {arn}",
            )
    return None


def _problem(name: str, what: str, next: str) -> Check:
    return Check(name, Verdict.PROBLEM, what, next)
