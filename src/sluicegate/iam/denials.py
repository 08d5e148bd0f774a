"""A decision in words: AWS's sentence for a refusal, and the statement that was missing."""

from .layers import Decision
from .model import Effect, Layer, PrincipalKind, Question

_NAMES_A_POLICY = frozenset(
    (Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION, Layer.SERVICE_CONTROL, Layer.RESOURCE_CONTROL)
)
"""Layers whose explicit denies end in the ARN of the policy; inline policies have none."""

_DENIED_BY = {
    Layer.IDENTITY: "an identity-based policy",
    Layer.TRUST: "the role trust policy",
}


def denial(question: Question, decision: Decision, *, shown: str = "") -> str:
    """AWS's sentence for a refused question; `shown` replaces the resource in it.

    One layer is named, the one `decide` says refused; of its policies the first that denies.
    """
    resource = shown or question.resource
    return (
        f"User: {question.principal.arn} is not authorized to perform: {question.action} "
        f"on resource: {resource}{_cause(question, decision)}"
    )


def _cause(question: Question, decision: Decision) -> str:
    layer = decision.layer
    if layer is None:
        return ""
    if decision.effect is not Effect.EXPLICIT_DENY:
        return f" because no {layer.value} allows the {question.action} action"
    cause = f" with an explicit deny in {_DENIED_BY.get(layer, f'a {layer.value}')}"
    uri = _denying_policy(decision)
    return f"{cause}: {uri}" if uri and layer in _NAMES_A_POLICY else cause


def _denying_policy(decision: Decision) -> str:
    """The ARN of the policy that denies, empty when it is an inline one."""
    for check in decision.checks:
        for match in check.matches if check.layer is decision.layer else ():
            if match.effect is Effect.EXPLICIT_DENY:
                return match.attached.uri
    return ""


def smallest_statement(question: Question, decision: Decision) -> dict[str, object]:
    """The smallest statement that makes the layer which refused allow; {} where none would.

    To be added to a policy of `decision.layer` (one of the level that lacks it, for service
    control policies). No statement mends an explicit deny, or a refusal no policy was asked about.
    Other layers may lack one as well.
    """
    if decision.effect is not Effect.IMPLICIT_DENY or not decision.checks:
        return {}
    statement: dict[str, object] = {"Effect": "Allow"}
    if decision.layer in (Layer.RESOURCE, Layer.TRUST):
        statement["Principal"] = _named(question)
    elif decision.layer in (Layer.RESOURCE_CONTROL, Layer.ENDPOINT):
        statement["Principal"] = "*"
    statement["Action"] = question.action
    if decision.layer is not Layer.TRUST:
        statement["Resource"] = question.resource.replace("${", "${$}{")
    return statement


def _named(question: Question) -> dict[str, str]:
    principal = question.principal
    if principal.kind is PrincipalKind.SERVICE:
        return {"Service": min(principal.names, default=principal.arn)}
    return {"AWS": principal.role_arn or principal.arn}
