"""A trigger's whole call plan examined at once, in the order in which a trigger gets to it.

Nothing is changed by it. Each step is judged as the execution role; the facts that a refusal would
hide come from whoever asks, as far as he may see them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ...aws_policies import is_aws
from ...errors import AwsError
from ...execution import findings
from ...execution import interfaces as trigger_interfaces
from ...execution.plan import When
from ...execution.survey import survey
from ...execution.versions import Choice, chosen
from ...store import mappings, principals
from ...store.mappings import EventSourceMapping
from ..iam.documents import unknown_actions
from ..lambda_ import roles
from ..operation import Call
from . import brokers, handling, parts, permissions, scram
from .brokers import Probe
from .interfaces import left_behind
from .model import Check, Diagnosis, Verdict
from .planned import planned
from .role import ExaminedRole

_ROUTE = Check(
    "route",
    Verdict.NOTE,
    "on AWS a trigger in on-demand mode reaches STS, Lambda and Secrets Manager through these "
    "subnets: there they need a NAT gateway, or PrivateLink endpoints; here nothing is routed",
)


class Doctor:
    """Examines triggers. `authority` gives the certificate of who signs our brokers' own."""

    def __init__(self, authority: Callable[[], str], probe: Probe = brokers.probe) -> None:
        self._authority = authority
        self._probe = probe

    def of_account(self, call: Call) -> tuple[Check, ...]:
        """What is left of triggers that are gone."""
        return tuple(left_behind(call))

    def of_mapping(self, call: Call, mapping_id: str) -> Diagnosis:
        """A trigger of the caller's in the call's region; an `AwsError` when there is none."""
        with call.database.read() as tx:
            mapping = mappings.find(tx, mapping_id)
            if mapping is None or (mapping.account, mapping.region) != (call.account, call.region):
                raise AwsError(
                    "ResourceNotFoundException",
                    f"there is no event source mapping `{mapping_id}` in account {call.account}, "
                    f"{call.region}",
                    status=404,
                )
            choice = chosen(tx, mapping.function_id, mapping.qualifier)
        return self._examined(call, mapping, choice)

    def of_plan(self, call: Call, given: Mapping[str, str]) -> Diagnosis:
        """A trigger that nobody has made yet (`planned`): all that it would be refused for."""
        mapping, choice = planned(call, given)
        found = self._examined(call, mapping, choice)
        return replace(found, mapping="", state="", last_processing_result="")

    def _examined(
        self, call: Call, mapping: EventSourceMapping, choice: Choice | None
    ) -> Diagnosis:
        checks = tuple(self._checks(call, mapping, choice))
        asked = (each for check in checks for each in check.permissions)
        return Diagnosis(
            mapping=mapping.id,
            function=mapping.function_arn,
            topic=mapping.topic,
            source=mapping.event_source_arn or ",".join(mapping.bootstrap_servers),
            role=choice.version.role_arn if choice else "",
            state=mapping.current_state,
            last_processing_result=mapping.last_processing_result,
            checks=checks,
            statements=permissions.missing(asked),
        )

    def _checks(
        self, call: Call, mapping: EventSourceMapping, choice: Choice | None
    ) -> Iterator[Check]:
        if choice is None:
            what = f"{mapping.function_arn} is gone"
            yield Check("function", Verdict.PROBLEM, what, "aws lambda create-function")
            return
        role_arn = choice.version.role_arn
        role = ExaminedRole(call, roles.session(mapping.unqualified_arn, role_arn))
        if not role.exists():
            what = f"there is no role {role_arn}"
            yield Check(parts.TRUST, Verdict.PROBLEM, what, "aws iam create-role")
            return
        outcome = survey(mapping, role, When.CHECK).outcome
        if isinstance(outcome, findings.Unreachable):
            yield Check(parts.TRUST, Verdict.SKIPPED, outcome.message, "try again")
            return
        yield from self._walked(call, mapping, role, outcome)
        yield from _misspelled(call, role_arn)
        yield from handling.checks(call, mapping, choice, role, outcome)
        if _has_network(mapping):
            yield _deleting(mapping, role, outcome)

    def _walked(
        self,
        call: Call,
        mapping: EventSourceMapping,
        role: ExaminedRole,
        outcome: findings.Outcome,
    ) -> Iterator[Check]:
        """What is done before the first record."""
        yield parts.check(parts.TRUST, role, outcome)
        if mapping.event_source_arn is not None:
            yield parts.check(parts.CLUSTER, role, outcome)
            yield from _serverless(mapping.event_source_arn, role)
        if _has_network(mapping):
            yield parts.check(parts.NETWORK, role, outcome)
            yield _ROUTE
        if parts.has_secrets(mapping):
            yield parts.check(parts.SECRET, role, outcome)
        yield from scram.checks(call, mapping, role, outcome)
        yield from brokers.checks(mapping, role, outcome, self._authority, self._probe)


def _has_network(mapping: EventSourceMapping) -> bool:
    has_subnets = trigger_interfaces.network_of(mapping).subnet_ids
    return bool(mapping.event_source_arn or has_subnets or mapping.interface_ids)


def _serverless(cluster_arn: str, role: ExaminedRole) -> Iterator[Check]:
    """The twelfth action, which the eleven of the documentation do without."""
    has_first = any(
        each.is_allowed and each.action == "kafka:DescribeCluster"
        for each in role.found.get("DescribeCluster", ())
    )
    if not has_first:
        return
    second = role.may("kafka", "DescribeClusterV2", {"ClusterArn": cluster_arn})
    if not all(each.is_allowed for each in second):
        what = "kafka:DescribeClusterV2 is denied: enough here, but not for a serverless cluster"
        yield Check("serverless", Verdict.NOTE, what)


def _misspelled(call: Call, role_arn: str) -> Iterator[Check]:
    """Actions in the role's own policies that there are not; those of AWS are not looked at."""
    with call.database.read() as tx:
        role = principals.role_by_name(tx, call.account, role_arn.rpartition("/")[2])
        policies = principals.identity_policies(tx, role.id) if role else ()
    for policy in policies:
        unknown = [] if is_aws(policy.uri) else unknown_actions(policy.text)
        if unknown:
            where = policy.uri or f"{policy.attached_to}#{policy.name}"
            what = f"{where} names what no service has, and grants nothing by it: "
            yield Check("policies", Verdict.NOTE, what + ", ".join(unknown))


def _deleting(mapping: EventSourceMapping, role: ExaminedRole, outcome: findings.Outcome) -> Check:
    for interface_id in mapping.interface_ids or ("*",):
        role.judge("ec2", "DeleteNetworkInterface", {"NetworkInterfaceId": interface_id})
    return parts.check(parts.INTERFACES, role, outcome)
