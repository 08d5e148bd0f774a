"""May they: each question of an operation decided by real policies, recorded with its reasons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from .. import iam
from ..arn import Arn
from ..errors import AccessDenied, InvalidInput
from ..iam.layers import Attached, Decision, Layers
from ..iam.model import Context, Effect, Layer, PolicyKind, PrincipalKind, Question, ResourceRule
from ..iam.nearest import NearMiss
from ..iam.places import mentioned
from ..store import principals
from ..store.database import Database, Tx
from ..store.decisions import DecisionLog
from ..wire.sigv4 import unknown_key
from . import guardrails
from .callers import Ask, Caller, ResourcePolicy, Session
from .guardrails import NOWHERE, Guardrails, Place
from .memory import CompiledPolicies, EpochMemory, Remembered
from .record import Occasion, policies_of, recorded

_ALWAYS = Decision(Effect.ALLOW, reason="always allowed")

_AWS = "aws"
_TIMES = frozenset({"aws:currenttime", "aws:epochtime"})
_EXAMINED: Context = {"sluicegate:Examined": "true"}

# As much as a header may have, and several times what any operation of AWS takes.
_LONGEST_VALUE = 16 * 1024
_LONGEST_QUESTION = 64 * 1024

# What an AWS service may ask for as itself, where the product's rules are narrower than the
# resource policies that would otherwise be the only limit.
_SERVICE_ACTIONS: Mapping[str, frozenset[str]] = {
    "lambda.amazonaws.com": frozenset({"sts:AssumeRole"}),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One question, decided and recorded: `id` names the record, `refusal` is "" where it may.

    `near` are statements of the principal's own policies that allow the action, but not this.
    """

    question: Question
    decision: Decision
    id: str
    refusal: str
    near: tuple[NearMiss, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """An answer that may be used again while permissions do not change, unless it is about time."""

    is_allowed: bool
    is_lasting: bool


class Authority:
    """Decides for callers; keeps compiled policies for one permissions epoch."""

    def __init__(self, database: Database, memory: EpochMemory, decisions: DecisionLog) -> None:
        self._database = database
        self._memory = memory
        self._decisions = decisions
        self._compiled = CompiledPolicies()
        self._guardrails = Guardrails(database, self._compiled)

    def authorize(self, caller: Caller, asks: Iterable[Ask], occasion: Occasion) -> None:
        """Every ask must be allowed; the first that is not raises `AccessDenied`.

        INVARIANT: what returns from here was asked, and recorded, at least once.
        """
        is_asked = False
        for ask in asks:
            judged, _ = self._judge(caller, ask, occasion)
            if judged.refusal:
                raise AccessDenied(judged.refusal, decision_id=judged.id)
            is_asked = True
        if not is_asked:
            raise AccessDenied("an operation that asks for no permission has none")

    def decide(self, caller: Caller, ask: Ask, occasion: Occasion) -> Standing:
        """Whether an ask is allowed, recorded as by `authorize`, and whether it stays so."""
        judged, layers = self._judge(caller, ask, occasion)
        remembered = self._memory.now
        texts = (attached.text for _, attached in policies_of(layers))
        is_lasting = not any(
            remembered.recall(("time", text), partial(_minds_time, text)) for text in texts
        )
        return Standing(not judged.refusal, is_lasting)

    def judge(
        self, caller: Caller, asks: Iterable[Ask], occasion: Occasion
    ) -> tuple[Judgement, ...]:
        """What would become of each ask, for whoever wants to know all of it at once.

        The records say that nothing was called (`sluicegate:Examined`), which no policy knows.
        """
        judged = (self._judge(caller, ask, occasion, mark=_EXAMINED) for ask in asks)
        return tuple(
            replace(one, near=iam.near_misses(one.question, layers.identity))
            for one, layers in judged
        )

    def _judge(
        self, caller: Caller, ask: Ask, occasion: Occasion, *, mark: Context | None = None
    ) -> tuple[Judgement, Layers]:
        _refuse_endless(ask)
        remembered = self._memory.now
        own = self._own(caller, remembered)
        owner = self._owner(caller, ask, own, remembered)
        question, layers, decision = self._decided(caller, ask, occasion, own, owner)
        limits = layers
        if not decision.allowed and _is_stranger(caller, ask, decision, own, owner):
            # INVARIANT: who has no part in a thing is refused, and told why, as if it were not
            # there: by sentence and record one could tell what another account has otherwise.
            bare = replace(ask, resource_policy=None, tags=None)
            question, layers, decision = self._decided(caller, bare, occasion, own, owner)
        record = recorded(question, layers, decision, occasion, remembered.epoch)
        if mark:
            record = replace(record, context={**record.context, **mark})
        decision_id = self._decisions.record(record)
        refusal = "" if decision.allowed else iam.denial(question, decision, shown=ask.shown)
        return Judgement(question, decision, decision_id, refusal), limits

    def _decided(
        self, caller: Caller, ask: Ask, occasion: Occasion, own: "_Own", owner: "_Owner"
    ) -> tuple[Question, Layers, Decision]:
        context = _context(caller, ask, occasion.context, own.place, owner)
        question = Question(caller.principal, ask.action, ask.resource, context, ask.also)
        layers = self._layers(caller, ask, own, owner)
        decision = _settled_beforehand(caller, ask) or iam.decide(question, layers)
        return question, layers, decision

    def _owner(self, caller: Caller, ask: Ask, own: "_Own", remembered: Remembered) -> "_Owner":
        account = _account_of(ask)
        if account in ("", caller.principal.account):
            return _Owner(account, own.place)
        return _Owner(account, self._guardrails.place(account, remembered))

    def _layers(self, caller: Caller, ask: Ask, own: "_Own", owner: "_Owner") -> Layers:
        policy = ask.resource_policy
        resource = None
        if policy is not None:
            resource = Attached(
                self._compiled.load(policy.text, policy.kind), uri=policy.uri, text=policy.text
            )
        return Layers(
            identity=own.identity,
            boundary=own.boundary,
            session=self._session(caller.session, own),
            service_control=guardrails.service_control(caller, own.place),
            resource_control=guardrails.resource_control(caller, ask, owner.place),
            resource=resource,
            resource_account=owner.account,
            resource_layer=_layer(policy),
            resource_rule=_rule(policy),
            grants=ask.grants,
        )

    def _own(self, caller: Caller, remembered: Remembered) -> "_Own":
        if not caller.entity_id or caller.principal.kind is PrincipalKind.SERVICE:
            return _Own(place=self._guardrails.place(caller.principal.account, remembered))
        arns = caller.session.policy_arns if caller.session else ()

        def load() -> _Own:
            with self._database.read() as tx:
                return self._read(tx, caller, arns)

        return remembered.recall(("policies", caller.entity_id, arns), load)

    def _session(self, session: Session | None, own: "_Own") -> tuple[Attached, ...] | None:
        if session is None or not (session.policies or session.policy_arns):
            return None
        inline = (
            Attached(
                self._compiled.load(text, PolicyKind.SESSION), name="session policy", text=text
            )
            for text in session.policies
        )
        return (*inline, *own.managed_session)

    def _read(self, tx: Tx, caller: Caller, session_arns: tuple[str, ...]) -> "_Own":
        """The policies of a caller and those that limit it, all as of one moment."""
        is_role = caller.principal.kind is PrincipalKind.ROLE_SESSION
        entity = (principals.role if is_role else principals.user)(tx, caller.entity_id)
        if entity is None:
            # Deleted since it was identified: whom no boundary and no deny hold back any more
            # must not be judged by what is left.
            raise unknown_key()
        stored = principals.identity_policies(tx, caller.entity_id)
        boundary = entity.boundary_arn
        limits = (self._by_arn(tx, arn, PolicyKind.SESSION) for arn in session_arns)
        return _Own(
            tuple(self._compiled.attached(policy, PolicyKind.IDENTITY) for policy in stored),
            self._by_arn(tx, boundary, PolicyKind.BOUNDARY) if boundary else None,
            tuple(chain.from_iterable(limits)),
            guardrails.read(tx, entity.account, self._compiled),
        )

    def _by_arn(self, tx: Tx, arn: str, kind: PolicyKind) -> tuple[Attached, ...]:
        """A policy that limits; one that is gone limits to nothing, never sets no limit."""
        stored = principals.policy_by_arn(tx, arn)
        return () if stored is None else (self._compiled.attached(stored, kind),)


@dataclass(frozen=True, slots=True)
class _Own:
    """The stored policies that speak for or limit a caller, whatever it asks."""

    identity: tuple[Attached, ...] = ()
    boundary: tuple[Attached, ...] | None = None
    managed_session: tuple[Attached, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class _Owner:
    """The account a resource belongs to, "" for the caller's, and where that is."""

    account: str
    place: Place


def _minds_time(text: str) -> bool:
    """Whether a policy's conditions or variables ask what time it is."""
    return any(key.lower() in _TIMES for statement in mentioned(text) for key in statement)


def _refuse_endless(ask: Ask) -> None:
    """Bound what nobody has validated yet: a wildcard costs its own length times the text's."""
    texts = {"": ask.resource, **ask.context, **(ask.request_tags or {})}
    sizes = [_size(text) for text in texts.values()]
    names = [len(name) for name in texts]
    # The names of tags are a value too, that of `aws:TagKeys`.
    longest = max(*sizes, _size(tuple(ask.request_tags or ())), *names)
    if longest > _LONGEST_VALUE or sum(sizes) + sum(names) > _LONGEST_QUESTION:
        raise InvalidInput(
            f"what policies are asked about may have {_LONGEST_VALUE} characters a value and "
            f"{_LONGEST_QUESTION} in all"
        )


def _size(value: str | tuple[str, ...]) -> int:
    """The characters of a value; one of several counts for more, however short it is."""
    # Each is compared with every pattern of a policy.
    return len(value) if isinstance(value, str) else sum(len(each) + 16 for each in value)


def _is_stranger(caller: Caller, ask: Ask, decision: Decision, own: _Own, owner: _Owner) -> bool:
    """Whether what is asked about is of another account and organization, and its policy lets the
    caller do nothing of what he asks. Roles and keys say so in words of their own."""
    policy = ask.resource_policy
    if owner.account in ("", caller.principal.account):
        return False
    if own.place.organization and own.place.organization == owner.place.organization:
        return False
    if policy is not None and policy.kind is not PolicyKind.RESOURCE:
        return False
    return not any(
        check.layer is Layer.RESOURCE and check.effect is Effect.ALLOW for check in decision.checks
    )


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


def _account_of(ask: Ask) -> str:
    """The account a resource belongs to, "" for the caller's, whether it is there or not.

    So that an ARN of another account is denied like whatever of it is there and not shared. What
    is AWS's own is everybody's.
    """
    arn = Arn.find(ask.resource)
    return ask.resource_account or (arn.account if arn and arn.account != _AWS else "")


def _context(caller: Caller, ask: Ask, request: Context, own: Place, owner: _Owner) -> Context:
    """All condition keys of one question; an ask's own keys cover the request's."""
    is_service = caller.principal.kind is PrincipalKind.SERVICE
    context: dict[str, str | tuple[str, ...]] = {**request, **caller.context, **ask.context}
    context |= own.keys("Source" if is_service else "Principal")
    context |= owner.place.keys("Resource")
    context["aws:ResourceAccount"] = owner.account or caller.principal.account
    service = ask.action.partition(":")[0]
    for key, value in (ask.tags or {}).items():
        context[f"aws:ResourceTag/{key}"] = value
        context[f"{service}:ResourceTag/{key}"] = value
    if ask.request_tags:
        context.update({f"aws:RequestTag/{key}": value for key, value in ask.request_tags.items()})
        context["aws:TagKeys"] = tuple(ask.request_tags)
    return context
