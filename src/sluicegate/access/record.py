"""A decision as it is kept: the object AWS's GetRequestAuthorizationDetails answers with.

One shape serves the record, `sluicegate explain` and that API, so they cannot disagree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import iam
from ..clock import to_datetime
from ..iam.layers import Attached, Check, Decision, Layers, Match
from ..iam.model import Context, Effect, Layer, PrincipalKind, Question
from ..store.authorization_ids import new_id
from ..store.decisions import LONGEST_REASON, Recorded

_CHECK_TYPES = {
    Layer.RESOURCE_CONTROL: "RESOURCE_CONTROL_POLICY",
    Layer.SERVICE_CONTROL: "SERVICE_CONTROL_POLICY",
    Layer.ENDPOINT: "VPC_ENDPOINT",
    Layer.RESOURCE: "RESOURCE",
    Layer.TRUST: "RESOURCE",
    Layer.IDENTITY: "PRINCIPAL",
    Layer.BOUNDARY: "PERMISSIONS_BOUNDARY",
    Layer.SESSION: "SESSION",
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """The request a decision is made for: what the record of it says beside the question.

    `record_id` is the record's own id where there is but one, and it must be known beforehand.
    """

    region: str
    request_id: str
    now_ms: int
    context: Context
    record_id: str = ""


def moment(region: str, now_ms: int) -> dict[str, str | tuple[str, ...]]:
    """The condition keys every request has: where and when."""
    return {
        "aws:RequestedRegion": region,
        "aws:CurrentTime": to_datetime(now_ms).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(now_ms // 1000),
        "aws:ViaAWSService": "false",
    }


def recorded(
    question: Question, layers: Layers, decision: Decision, occasion: Occasion, epoch: int
) -> Recorded:
    """The record of one decision, policies' texts included as they were then."""
    policies = policies_of(layers)
    return Recorded(
        id=occasion.record_id or new_id(occasion.now_ms),
        account=question.principal.account,
        region=occasion.region,
        at_ms=occasion.now_ms,
        request_id=occasion.request_id,
        principal=question.principal.arn,
        action=question.action,
        resource=question.resource,
        effect=decision.effect,
        layer=decision.layer.value if decision.layer else "",
        reason=decision.reason,
        epoch=epoch,
        context=question.context,
        details={
            "evaluations": [_evaluation(question, layers, decision)],
            "policies": _listed(policies),
            # Not a member of AWS's object; {} where no statement would have helped.
            "smallestStatement": iam.smallest_statement(question, decision),
        },
        documents={uri(attached): attached.text for _, attached in policies},
    )


def unidentified(
    account: str, action: str, resource: str, occasion: Occasion, epoch: int, layer: str, why: str
) -> Recorded:
    """The record of what was refused before anybody was known to ask, for the account whose
    resource it is. `layer` is what refused."""
    effect = Effect.IMPLICIT_DENY
    return Recorded(
        id=occasion.record_id or new_id(occasion.now_ms),
        account=account,
        region=occasion.region,
        at_ms=occasion.now_ms,
        request_id=occasion.request_id,
        principal="",
        action=action,
        resource=resource,
        effect=effect,
        layer=layer,
        reason=why[:LONGEST_REASON],
        epoch=epoch,
        details={
            "evaluations": [_evaluated(action, resource, effect, (), ())],
            "policies": [],
            "smallestStatement": {},
        },
    )


_POLICY_TYPES = {
    Layer.IDENTITY: "IDENTITY_BASED_POLICY",
    Layer.RESOURCE: "RESOURCE_BASED_POLICY",
    Layer.TRUST: "RESOURCE_BASED_POLICY",
    Layer.BOUNDARY: "PERMISSIONS_BOUNDARY",
    Layer.SESSION: "SESSION_POLICY",
    Layer.SERVICE_CONTROL: "SERVICE_CONTROL_POLICY",
    Layer.RESOURCE_CONTROL: "RESOURCE_CONTROL_POLICY",
    Layer.ENDPOINT: "VPC_ENDPOINT_POLICY",
}


def uri(attached: Attached) -> str:
    """What names a policy in a record: its ARN, or where it is embedded and under which name."""
    if attached.uri:
        return attached.uri
    return f"{attached.attached_to}#{attached.name}" if attached.attached_to else attached.name


def _evaluation(question: Question, layers: Layers, decision: Decision) -> dict[str, Any]:
    matches = [match for check in decision.checks for match in check.matches]
    checks = _checks(question, layers, decision)
    return _evaluated(question.action, question.resource, decision.effect, matches, checks)


def _evaluated(
    action: str,
    resource: str,
    effect: Effect,
    matches: Iterable[Match],
    checks: Iterable[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "action": action,
        "resource": resource,
        "evaluatedEffect": effect.value,
        "matchedPolicies": _matched(matches),
        "checks": list(checks),
    }


def _checks(question: Question, layers: Layers, decision: Decision) -> Iterable[dict[str, Any]]:
    """What each layer said, and of an organization's what each level on the way down said."""
    levels = {
        Layer.RESOURCE_CONTROL: iter(layers.resource_control),
        Layer.SERVICE_CONTROL: iter(layers.service_control),
    }
    for check in decision.checks:
        if check.layer in levels:
            target = next((each.attached_to for each in next(levels[check.layer])), "")
        elif check.layer in (Layer.RESOURCE, Layer.TRUST):
            target = question.resource
        else:
            target = _identity_arn(question)
        yield _check(check, target)


def _check(check: Check, target: str) -> dict[str, Any]:
    return {
        "checkType": _CHECK_TYPES[check.layer],
        "evaluatedEffect": check.effect.value,
        "targetArn": target or None,
        "relevantPolicyTypes": [_POLICY_TYPES[check.layer]],
        "matchedPolicies": _matched(check.matches),
    }


def _identity_arn(question: Question) -> str:
    principal = question.principal
    return principal.role_arn if principal.kind is PrincipalKind.ROLE_SESSION else principal.arn


def _matched(matches: Iterable[Match]) -> list[dict[str, Any]]:
    """Statements by the policy they stand in, in the order they were found."""
    by_policy: dict[str, list[dict[str, str]]] = {}
    for match in matches:
        effect = "ALLOW" if match.effect is Effect.ALLOW else "DENY"
        # AWS names a statement by its Sid alone; one without is named by its place.
        statement = {"sid": match.sid or f"[{match.index}]", "evaluatedEffect": effect}
        found = by_policy.setdefault(uri(match.attached), [])
        if statement not in found:
            found.append(statement)
    return [{"uri": name, "matchedStatements": found} for name, found in by_policy.items()]


def policies_of(layers: Layers) -> list[tuple[Layer, Attached]]:
    """Every policy that takes part, in AWS's order of layers."""
    groups: Mapping[Layer, Iterable[Attached]] = {
        Layer.SERVICE_CONTROL: [each for level in layers.service_control for each in level],
        Layer.RESOURCE_CONTROL: [each for level in layers.resource_control for each in level],
        Layer.ENDPOINT: layers.endpoint or (),
        layers.resource_layer: (layers.resource,) if layers.resource else (),
        Layer.IDENTITY: layers.identity,
        Layer.BOUNDARY: layers.boundary or (),
        Layer.SESSION: layers.session or (),
    }
    return [(layer, attached) for layer, group in groups.items() for attached in group]


def _listed(policies: Iterable[tuple[Layer, Attached]]) -> list[dict[str, Any]]:
    """Each policy once: one of an organization may hang on several places on the way down."""
    found: dict[tuple[Layer, str], dict[str, Any]] = {}
    for layer, attached in policies:
        policy = found.setdefault((layer, uri(attached)), _policy(layer, attached))
        place = {"arn": attached.attached_to}
        if attached.attached_to and place not in policy["attachedTo"]:
            policy["attachedTo"].append(place)
    return list(found.values())


def _policy(layer: Layer, attached: Attached) -> dict[str, Any]:
    return {
        "type": _POLICY_TYPES[layer],
        "inline": ":policy/" not in attached.uri,
        "uri": uri(attached),
        "attachedTo": [],
    }
