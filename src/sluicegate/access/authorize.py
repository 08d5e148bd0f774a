"""May they: each question of an operation decided by real policies, recorded with its reasons."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import TypeVar

from .. import iam
from ..arn import Arn
from ..errors import AccessDenied
from ..iam.layers import Attached, Decision, Layers
from ..iam.model import Context, Effect, Layer, PolicyKind, PrincipalKind, Question, ResourceRule
from ..store import principals
from ..store.database import Database, Tx
from ..store.decisions import DecisionLog
from .callers import Ask, Caller, ResourcePolicy
from .memory import EpochMemory
from .record import Occasion, recorded

T = TypeVar("T")

_ALWAYS = Decision(Effect.ALLOW, reason="always allowed")

# What an AWS service may ask for as itself, where the product's rules are narrower than the
# resource policies that would otherwise be the only limit.
_SERVICE_ACTIONS: Mapping[str, frozenset[str]] = {
    "lambda.amazonaws.com": frozenset({"sts:AssumeRole"}),
}


class Authority:
    """Decides for callers; keeps compiled policies for one permissions epoch."""

    def __init__(self, database: Database, memory: EpochMemory, decisions: DecisionLog) -> None:
        self._database = database
        self._memory = memory
        self._decisions = decisions
        # Compiled once per text: the same document hangs on many principals and survives epochs.
        self._load = lru_cache(maxsize=4096)(iam.load)

    def authorize(self, caller: Caller, asks: Iterable[Ask], occasion: Occasion) -> None:
        """Every ask must be allowed; the first that is not raises `AccessDenied`."""
        for ask in asks:
            self._decide(caller, ask, occasion)

    def _decide(self, caller: Caller, ask: Ask, occasion: Occasion) -> None:
        context = _context(caller, ask, occasion.context)
        question = Question(caller.principal, ask.action, ask.resource, context, ask.also)
        layers = self._layers(caller, ask)
        decision = _settled_beforehand(caller, ask) or iam.decide(question, layers)
        record = recorded(question, layers, decision, occasion, self._memory.epoch)
        decision_id = self._decisions.record(record)
        if not decision.allowed:
            sentence = iam.denial(question, decision, shown=ask.shown)
            raise AccessDenied(sentence, decision_id=decision_id)

    def _layers(self, caller: Caller, ask: Ask) -> Layers:
        policy = ask.resource_policy
        resource = None
        if policy is not None:
            resource = Attached(
                self._load(policy.text, policy.kind), uri=policy.uri, text=policy.text
            )
        return Layers(
            identity=self._identity(caller),
            boundary=self._boundary(caller),
            session=self._session(caller),
            resource=resource,
            resource_account=ask.resource_account,
            resource_layer=_layer(policy),
            resource_rule=_rule(policy),
            grants=ask.grants,
        )

    def _identity(self, caller: Caller) -> tuple[Attached, ...]:
        if not caller.entity_id or caller.principal.kind is PrincipalKind.SERVICE:
            return ()

        def load(tx: Tx) -> tuple[Attached, ...]:
            stored = principals.identity_policies(tx, caller.entity_id)
            return tuple(self._attached(policy, PolicyKind.IDENTITY) for policy in stored)

        return self._recall(("identity", caller.entity_id), load)

    def _boundary(self, caller: Caller) -> tuple[Attached, ...] | None:
        if not caller.entity_id or caller.principal.kind is PrincipalKind.SERVICE:
            return None
        is_role = caller.principal.kind is PrincipalKind.ROLE_SESSION

        def load(tx: Tx) -> tuple[Attached, ...] | None:
            find = principals.role if is_role else principals.user
            entity = find(tx, caller.entity_id)
            if entity is None or not entity.boundary_arn:
                return None
            return self._by_arn(tx, entity.boundary_arn, PolicyKind.BOUNDARY)

        return self._recall(("boundary", caller.entity_id), load)

    def _session(self, caller: Caller) -> tuple[Attached, ...] | None:
        session = caller.session
        if session is None or not (session.policies or session.policy_arns):
            return None
        inline = tuple(
            Attached(self._load(text, PolicyKind.SESSION), name="session policy", text=text)
            for text in session.policies
        )
        managed = (self._managed_session(arn) for arn in session.policy_arns)
        return (*inline, *chain.from_iterable(managed))

    def _managed_session(self, arn: str) -> tuple[Attached, ...]:
        return self._recall(
            ("session policy", arn), lambda tx: self._by_arn(tx, arn, PolicyKind.SESSION)
        )

    def _by_arn(self, tx: Tx, arn: str, kind: PolicyKind) -> tuple[Attached, ...]:
        """A policy that limits; one that is gone limits to nothing, never sets no limit."""
        stored = principals.policy_by_arn(tx, arn)
        return () if stored is None else (self._attached(stored, kind),)

    def _attached(self, policy: principals.StoredPolicy, kind: PolicyKind) -> Attached:
        compiled = self._load(policy.text, kind)
        return Attached(compiled, policy.uri, policy.name, policy.attached_to, policy.text)

    def _recall(self, key: tuple[str, str], load: Callable[[Tx], T]) -> T:
        def read() -> T:
            with self._database.read() as tx:
                return load(tx)

        return self._memory.recall(key, read)


def _settled_beforehand(caller: Caller, ask: Ask) -> Decision | None:
    """The decision where no policy is asked."""
    if ask.is_granted:
        return _ALWAYS
    if caller.principal.kind is PrincipalKind.SERVICE:
        allowed = _SERVICE_ACTIONS.get(caller.name)
        if allowed is not None and ask.action not in allowed:
            return Decision(Effect.IMPLICIT_DENY, layer=Layer.IDENTITY, reason="service limits")
    return None


def _layer(policy: ResourcePolicy | None) -> Layer:
    return Layer.TRUST if policy and policy.kind is PolicyKind.TRUST else Layer.RESOURCE


def _rule(policy: ResourcePolicy | None) -> ResourceRule:
    if policy and policy.kind in (PolicyKind.TRUST, PolicyKind.KEY):
        return ResourceRule.REQUIRED
    return ResourceRule.EITHER


def _context(caller: Caller, ask: Ask, request: Context) -> Context:
    """All condition keys of one question; an ask's own keys cover the request's."""
    context: dict[str, str | tuple[str, ...]] = {**request, **caller.context, **ask.context}
    arn = Arn.find(ask.resource)
    context["aws:ResourceAccount"] = (
        ask.resource_account or (arn and arn.account) or caller.principal.account
    )
    service = ask.action.partition(":")[0]
    for key, value in (ask.tags or {}).items():
        context[f"aws:ResourceTag/{key}"] = value
        context[f"{service}:ResourceTag/{key}"] = value
    if ask.request_tags:
        context.update({f"aws:RequestTag/{key}": value for key, value in ask.request_tags.items()})
        context["aws:TagKeys"] = tuple(ask.request_tags)
    return context
