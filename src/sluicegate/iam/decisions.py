"""The one function that decides: every layer is asked once, and what it said is kept.

INVARIANT: the outcome is ALLOW only if no statement that applies denies, and every layer that
counts for this principal and this resource allows.
"""

from collections.abc import Iterable, Mapping

from .asked import Asked
from .layers import Attached, Check, Decision, Layers, Match
from .model import Context, Effect, Grant, Layer, PrincipalKind, Question, ResourceRule
from .principals import Standing

_ENCRYPTION_CONTEXT = "kms:encryptioncontext:"
_UNCONSTRAINED = frozenset(("DescribeKey", "RetireGrant"))
"""What a grant allows whatever its encryption context constraints: these calls have no context."""


def decide(question: Question, layers: Layers) -> Decision:
    """Whether `question` is allowed under `layers`, which layer refused, and what each one said.

    Layers are asked in AWS's order: resource control, service control, VPC endpoint, resource,
    identity, boundary, session. When several refuse, an explicit deny is named before a missing
    allow, and then the first in that order.

    - A service is judged by the resource's policy (and grants) alone; the guardrails of
      resources and endpoints hold for it too.
    - The root user needs no identity policy.
    - Within an account, a resource's policy that means the principal makes its identity policies
      needless; if it means it by its own name (user, session), boundary and session policy too.
    - Across accounts, or where the resource's policy is required, both sides must allow; naming
      the account is enough for the resource's side.
    - A grant counts like a statement of the key's policy that names the grantee.
    """
    principal = question.principal
    is_service = principal.kind is PrincipalKind.SERVICE
    is_foreign = layers.resource_account not in ("", principal.account)
    asked = Asked(question, has_boundary=layers.boundary is not None)

    checks = _guardrails(layers, asked, is_service=is_service)
    needed = checks.copy()

    standing, reason = Standing.NONE, ""
    is_required = is_service or is_foreign or layers.resource_rule is ResourceRule.REQUIRED
    if is_required or layers.resource is not None or layers.grants:
        check, standing, reason = _judge_resource(question, layers, asked)
        checks.append(check)
        if is_required:
            needed.append(check)

    if not is_service:
        identity = _judge(Layer.IDENTITY, layers.identity, asked)[0]
        if principal.kind is PrincipalKind.ROOT:
            reason = "root"
            if identity.effect is Effect.IMPLICIT_DENY:
                identity = Check(Layer.IDENTITY, Effect.ALLOW)
        limits = _limits(layers, asked)
        checks.extend((identity, *limits))
        if is_foreign or standing < Standing.LIMITED:
            needed.append(identity)
        if is_foreign or standing < Standing.EXACT:
            needed.extend(limits)
    return _outcome(checks, needed, reason)


def _guardrails(layers: Layers, asked: Asked, *, is_service: bool) -> list[Check]:
    """What is asked before anybody's own policies, level by level."""
    levels = layers.resource_control
    checks = [_judge(Layer.RESOURCE_CONTROL, level, asked.by_resource)[0] for level in levels]
    if not is_service:
        levels = layers.service_control
        checks.extend(_judge(Layer.SERVICE_CONTROL, level, asked)[0] for level in levels)
    if layers.endpoint is not None:
        checks.append(_judge(Layer.ENDPOINT, layers.endpoint, asked.by_resource)[0])
    return checks


def _limits(layers: Layers, asked: Asked) -> list[Check]:
    """What limits the principal's identity policies."""
    limits = ((Layer.BOUNDARY, layers.boundary), (Layer.SESSION, layers.session))
    return [_judge(layer, policies, asked)[0] for layer, policies in limits if policies is not None]


def _outcome(checks: list[Check], needed: list[Check], reason: str) -> Decision:
    kept = tuple(checks)
    for check in checks:
        if check.effect is Effect.EXPLICIT_DENY:
            return Decision(Effect.EXPLICIT_DENY, kept, check.layer)
    for check in needed:
        if check.effect is Effect.IMPLICIT_DENY:
            return Decision(Effect.IMPLICIT_DENY, kept, check.layer)
    return Decision(Effect.ALLOW, kept, None, reason)


def _judge(layer: Layer, policies: Iterable[Attached], asked: Asked) -> tuple[Check, Standing]:
    """What the policies of one layer say, and how closely those that allow mean the principal."""
    matches: list[Match] = []
    effect, closest = Effect.IMPLICIT_DENY, Standing.NONE
    for attached in policies:
        for statement in attached.policy.about(asked.action):
            standing = statement.standing(asked)
            if standing is Standing.NONE:
                continue
            matches.append(Match(attached, statement.index, statement.sid, statement.effect))
            if statement.effect is Effect.EXPLICIT_DENY:
                effect = Effect.EXPLICIT_DENY
            else:
                closest = max(closest, standing)
                effect = Effect.ALLOW if effect is Effect.IMPLICIT_DENY else effect
    return Check(layer, effect, tuple(matches)), closest


def _judge_resource(
    question: Question, layers: Layers, asked: Asked
) -> tuple[Check, Standing, str]:
    policies = () if layers.resource is None else (layers.resource,)
    check, standing = _judge(layers.resource_layer, policies, asked.by_resource)
    granted = max((_granted(grant, question) for grant in layers.grants), default=Standing.NONE)
    if granted <= standing or check.effect is Effect.EXPLICIT_DENY:
        return check, standing, ""
    return Check(check.layer, Effect.ALLOW, check.matches), granted, "grant"


def _granted(grant: Grant, question: Question) -> Standing:
    """How closely a grant that allows the question means its principal."""
    principal = question.principal
    service, _, operation = question.action.partition(":")
    is_itself = grant.grantee in (principal.arn, principal.unique_id)
    if not is_itself and grant.grantee not in principal.names:
        return Standing.NONE
    if service != "kms" or operation not in grant.operations:
        return Standing.NONE
    if operation not in _UNCONSTRAINED and not _is_within(grant, question.context):
        return Standing.NONE
    is_session = principal.kind is PrincipalKind.ROLE_SESSION
    return Standing.LIMITED if is_session and not is_itself else Standing.EXACT


def _is_within(grant: Grant, context: Context) -> bool:
    """Whether the call's encryption context is the one a grant asks for."""
    cut = len(_ENCRYPTION_CONTEXT)
    given = folded(
        {
            key[cut:]: value
            for key, value in context.items()
            if key.lower().startswith(_ENCRYPTION_CONTEXT)
        }
    )
    if grant.context_equals is not None and given != folded(grant.context_equals):
        return False
    return set(folded(grant.context_subset or {})) <= set(given)


def folded(pairs: Mapping[str, object]) -> list[tuple[str, object]]:
    """An encryption context as grants see it: letter case counts in its values, not its keys."""
    return sorted(((key.lower(), value) for key, value in pairs.items()), key=repr)
