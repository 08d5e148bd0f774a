"""One simulation: every action put to the policies for every resource, by the one engine."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ... import iam
from ...arn import Arn
from ...iam.layers import Attached, Check, Decision, Layers, Match
from ...iam.model import Context, Effect, Layer, Principal, Question
from ...iam.places import Span, distinct, mentioned, spans
from .simulated_policies import Policies, name_of

_AWS = "aws"
_WORDS = {
    Effect.ALLOW: "allowed",
    Effect.IMPLICIT_DENY: "implicitDeny",
    Effect.EXPLICIT_DENY: "explicitDeny",
}
_STRICTEST_FIRST = (Effect.EXPLICIT_DENY, Effect.IMPLICIT_DENY, Effect.ALLOW)
_GUARDRAILS = frozenset({Layer.SERVICE_CONTROL, Layer.RESOURCE_CONTROL})
_SOURCES = {
    Layer.RESOURCE: "Resource Policy",
    Layer.BOUNDARY: "Permissions Boundary Policy",
    Layer.IDENTITY: "IAM Policy",
}


class _Texts:
    """What is read of policies' texts, once for a simulation: reading costs more than deciding."""

    def __init__(self) -> None:
        self._keys: dict[str, Mapping[int, tuple[str, ...]]] = {}
        self._spans: dict[str, Mapping[int, Span]] = {}

    def keys(self, text: str, index: int) -> tuple[str, ...]:
        """The condition keys a statement asks for."""
        if text not in self._keys:
            self._keys[text] = dict(enumerate(mentioned(text)))
        return self._keys[text].get(index, ())

    def span(self, text: str, index: int) -> Span | None:
        """Where a statement stands; None in a text nobody can read."""
        if text not in self._spans:
            self._spans[text] = dict(enumerate(spans(text)))
        return self._spans[text].get(index)


@dataclass(frozen=True, slots=True)
class Simulation:
    """Who asks, what is known of the request, and against which policies.

    `owner` is the account of resources whose ARNs name none, "" for the caller's.
    """

    principal: Principal
    context: Context
    policies: Policies
    resources: tuple[str, ...]
    owner: str
    _texts: _Texts = field(default_factory=_Texts, init=False, repr=False)

    def result(self, action: str) -> dict[str, Any]:
        """The answer about one action, over all resources and for each of them."""
        policy = self.policies.of_resource(action)
        verdicts = [self._verdict(action, resource, policy) for resource in self.resources]
        strictest = min((one.decision.effect for one in verdicts), key=_STRICTEST_FIRST.index)
        whole = {
            "EvalActionName": action,
            # AWS shows a template of ARNs where there are several resources.
            "EvalResourceName": self.resources[0] if len(self.resources) == 1 else None,
            "EvalDecision": _WORDS[strictest],
            "MatchedStatements": _distinct(one for each in verdicts for one in each.matched()),
            "MissingContextValues": list(
                distinct(key for each in verdicts for key in each.missing())
            ),
            "OrganizationsDecisionDetail": self._organization(verdicts),
            "PermissionsBoundaryDecisionDetail": _bounded(verdicts),
        }
        if self.resources == ("*",):
            return whole
        return whole | {
            "EvalDecisionDetails": _details(verdicts),
            "ResourceSpecificResults": [_specific(one) for one in verdicts],
        }

    def _verdict(self, action: str, resource: str, policy: Attached | None) -> "_Verdict":
        arn = Arn.find(resource)
        account = arn.account if arn and arn.account not in ("", _AWS) else self.owner
        layers = self.policies.layers(policy, account)
        known = {key.lower() for key in self.context}
        context = dict(self.context)
        if "aws:resourceaccount" not in known:
            context["aws:ResourceAccount"] = account or self.principal.account
        question = Question(self.principal, action, resource, context)
        return _Verdict(question, layers, iam.decide(question, layers), self._texts)

    def _organization(self, verdicts: list["_Verdict"]) -> dict[str, bool] | None:
        if not self.policies.is_member:
            return None
        return {"AllowedByOrganizations": not any(one.is_guarded for one in verdicts)}


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the engine said of one action on one resource."""

    question: Question
    layers: Layers
    decision: Decision
    texts: _Texts

    @property
    def is_guarded(self) -> bool:
        """Whether an organization's policies refuse; AWS then tells nothing of the others."""
        return any(
            check.layer in _GUARDRAILS and check.effect is not Effect.ALLOW
            for check in self.decision.checks
        )

    @property
    def is_foreign(self) -> bool:
        """Whether the resource is another account's than the caller's."""
        return self.layers.resource_account not in ("", self.question.principal.account)

    def check(self, layer: Layer) -> Check | None:
        """What one layer said, None where there is none."""
        return next((one for one in self.decision.checks if one.layer is layer), None)

    def matched(self) -> Iterator[dict[str, Any]]:
        """The statements that made the decision: none where nothing allows."""
        # A boundary that allows limits nothing, and is not named.
        silent = {Layer.BOUNDARY} if self.decision.allowed else set()
        for check in () if self.is_guarded else self.decision.checks:
            for match in check.matches if check.layer in _SOURCES.keys() - silent else ():
                if match.effect is self.decision.effect:
                    yield self._statement(check.layer, match)

    def _statement(self, layer: Layer, match: Match) -> dict[str, Any]:
        statement: dict[str, Any] = {
            "SourcePolicyId": name_of(match.attached),
            "SourcePolicyType": _SOURCES[layer],
        }
        span = self.texts.span(match.attached.text, match.index)
        for name, place in (("Start", span.start), ("End", span.end)) if span else ():
            statement[f"{name}Position"] = {"Line": place.line, "Column": place.column}
        return statement

    def missing(self) -> Iterator[str]:
        """The keys asked for by statements about the action that did not apply, and unknown."""
        if self.is_guarded:
            return
        known = {key.lower() for key in self.question.context}
        applied = {
            (id(match.attached), match.index)
            for check in self.decision.checks
            for match in check.matches
        }
        for attached in _unguarded(self.layers):
            for statement in attached.policy.about(self.question.action.lower()):
                if (id(attached), statement.index) not in applied:
                    asked = self.texts.keys(attached.text, statement.index)
                    yield from (key for key in asked if key.lower() not in known)


def _unguarded(layers: Layers) -> Iterable[Attached]:
    resource = () if layers.resource is None else (layers.resource,)
    return (*layers.identity, *resource, *(layers.boundary or ()))


def _distinct(statements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({repr(one): one for one in statements}.values())


def _bounded(verdicts: Iterable[_Verdict]) -> dict[str, bool] | None:
    checks = [check for one in verdicts if (check := one.check(Layer.BOUNDARY))]
    if not checks:
        return None
    is_allowed = all(check.effect is Effect.ALLOW for check in checks)
    return {"AllowedByPermissionsBoundary": is_allowed}


def _details(verdicts: list[_Verdict]) -> dict[str, str] | None:
    """What each kind of policy says, where the resource is another account's."""
    if any(one.is_guarded for one in verdicts):
        return None
    foreign = [one for one in verdicts if one.is_foreign]
    found: dict[str, str] = {}
    for layer, source in _SOURCES.items():
        effects = [check.effect for one in foreign if (check := one.check(layer))]
        if effects:
            found[source] = _WORDS[min(effects, key=_STRICTEST_FIRST.index)]
    return found


def _specific(verdict: _Verdict) -> dict[str, Any]:
    return {
        "EvalResourceName": verdict.question.resource,
        "EvalResourceDecision": _WORDS[verdict.decision.effect],
        "MatchedStatements": list(verdict.matched()) or None,
        "MissingContextValues": list(distinct(verdict.missing())) or None,
        "EvalDecisionDetails": _details([verdict]) or None,
        "PermissionsBoundaryDecisionDetail": _bounded([verdict]),
    }
