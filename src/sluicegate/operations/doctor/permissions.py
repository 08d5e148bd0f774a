"""Judgements told to users: who decided, what nearly allowed, and the smallest thing to add."""

from collections.abc import Iterable, Mapping

from ... import iam
from ...access.authorize import Judgement
from ...access.record import uri
from ...iam.layers import Decision
from ...iam.model import Effect, Layer
from ...iam.nearest import NearMiss
from ...store.decisions import Recorded
from .model import Permission

NEVER = frozenset(
    {
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpcsourceip",
        "lambda:sourcefunctionarn",
    }
)
"""Condition keys that no call of a trigger has, or whose value in it is never what is hoped for."""


def told(judged: Judgement) -> Permission:
    """A judgement for a reader."""
    decision = judged.decision
    return Permission(
        action=judged.question.action,
        resource=judged.question.resource,
        is_allowed=decision.allowed,
        by=_allowing(decision) if decision.allowed else _refusing(decision),
        id=judged.id,
        near=tuple(_near(each) for each in judged.near),
        add=iam.smallest_statement(judged.question, decision),
        add_to=_place(decision.layer),
    )


def recalled(record: Recorded) -> Permission:
    """What was decided inside another call, as its record tells."""
    return Permission(
        action=record.action,
        resource=record.resource,
        is_allowed=record.effect is Effect.ALLOW,
        by=_lacking(record.effect, record.layer),
        id=record.id,
        add=record.details["smallestStatement"],
        add_to=next((_place(layer) for layer in Layer if layer.value == record.layer), ""),
    )


def missing(permissions: Iterable[Permission]) -> tuple[Mapping[str, object], ...]:
    """The statements that the role's own policies lack: one for each set of resources."""
    actions: dict[str, list[str]] = {}
    for each in permissions:
        if each.add and each.add_to == _place(Layer.IDENTITY):
            actions.setdefault(str(each.add["Resource"]), []).append(each.action)
    resources: dict[tuple[str, ...], list[str]] = {}
    for resource, named in actions.items():
        resources.setdefault(tuple(dict.fromkeys(named)), []).append(resource)
    return tuple(
        {"Effect": "Allow", "Action": list(named), "Resource": where}
        for named, where in resources.items()
    )


def _allowing(decision: Decision) -> str:
    if decision.reason:
        return decision.reason
    for check in decision.checks:
        for match in check.matches:
            if match.effect is Effect.ALLOW:
                return _statement(uri(match.attached), match.sid, match.index)
    return ""


def _refusing(decision: Decision) -> str:
    for check in decision.checks:
        for match in check.matches:
            if check.layer is decision.layer and match.effect is Effect.EXPLICIT_DENY:
                return f"denied by {_statement(uri(match.attached), match.sid, match.index)}"
    return _lacking(decision.effect, decision.layer.value if decision.layer else "")


def _lacking(effect: Effect, layer: str) -> str:
    if effect is Effect.EXPLICIT_DENY:
        return f"explicitly denied in a {layer}"
    return f"no {layer or 'policy'} allows it"


def _statement(policy: str, sid: str, index: int) -> str:
    return f"statement {sid or index + 1} of {policy}"


def _near(miss: NearMiss) -> str:
    where = _statement(uri(miss.attached), miss.sid, miss.index)
    if miss.resources:
        return f"{where} allows it only on {', '.join(miss.resources)}"
    never = [key for key in miss.conditions if key.lower() in NEVER]
    if never:
        return f"{where} asks for {', '.join(never)}, which no call of a trigger can satisfy"
    if miss.absent:
        return f"{where} asks for {', '.join(miss.absent)}, which the call does not have"
    return f"{where} asks for other values of {', '.join(miss.conditions) or 'its conditions'}"


def _place(layer: Layer | None) -> str:
    """Where a statement belongs that makes this layer allow."""
    return _PLACES.get(layer, "") if layer else ""


_PLACES = {
    Layer.IDENTITY: "a policy of the role",
    Layer.RESOURCE: "the policy of the resource",
    Layer.TRUST: "the trust policy of the role",
    Layer.BOUNDARY: "the permissions boundary of the role",
    Layer.SERVICE_CONTROL: "a service control policy of the level that lacks it",
    Layer.RESOURCE_CONTROL: "a resource control policy",
    Layer.ENDPOINT: "the policy of the VPC endpoint",
}
