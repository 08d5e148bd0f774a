"""One statement, compiled: whether it applies to a question. Its effect is read afterwards.

What cannot be understood is noted as a fault. `compile` refuses a document with faults; one that
is stored all the same keeps to one rule: an Allow with a fault never applies, and in a Deny the
faulty part counts as fitting, so that a mistake never allows anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .arns import ArnSet, arn_set, completed, split
from .asked import Asked
from .conditions import Holds, circumstance
from .documents import NO_VENDOR, SYNTAX, Fault, Number, Stage, Unreadable
from .model import Effect, PolicyKind
from .patterns import matches, pattern, template
from .principals import Principals, Standing, principals

_MEMBERS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
     "NotResource", "Condition")
)  # fmt: skip
_WILDCARD = re.compile(r"[*?]")

_NO_ACTIONS = Fault(Stage.ACTIONS, "Policy statement must contain actions.")
_NO_RESOURCES = Fault(Stage.RESOURCES, "Policy statement must contain resources.")
_TWO_COLONS = Fault(Stage.PREFIXES, "Actions/Condition can contain only one colon.")
_SURPLUS_PRINCIPAL = Fault(Stage.SYNTAX, "Policy document should not specify a principal.")
_NO_PRINCIPAL = Fault(Stage.SYNTAX, "Missing required field Principal")

NAMES_NOBODY = frozenset(
    (PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.BOUNDARY, PolicyKind.SERVICE_CONTROL)
)
"""Kinds of policy that hang on whom they mean, so their statements have no Principal."""


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of a statement in lower case, the cheapest form of each asked first."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]
    patterns: tuple[str, ...]
    is_complement: bool

    def has(self, action: str) -> bool:
        """Whether the statement speaks of `action`."""
        found = (
            action in self.exact
            or action.startswith(self.prefixes)
            or any(matches(pattern, action) for pattern in self.patterns)
        )
        return found is not self.is_complement


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of a statement."""

    arns: ArnSet
    is_complement: bool
    if_unknown: bool

    def has(self, asked: Asked) -> bool:
        """Whether the statement speaks of the resource asked about."""
        found: bool | None = self.arns.has(asked.resource)
        if not found and (asked.also or self.arns.moving):
            found = self._fits_otherwise(asked)
        if found is None:
            # An unresolved variable fits nothing; its complement would be everything.
            return self.is_complement and self.if_unknown
        return found is not self.is_complement

    def _fits_otherwise(self, asked: Asked) -> bool | None:
        """Whether another name of the resource fits, or a pattern with variables."""
        if any(self.arns.has(name) for name in asked.also):
            return True
        if not self.arns.moving:
            return False
        results = [self.arns.moves_to(arn, asked.values) for arn in (asked.resource, *asked.also)]
        return True if True in results else results[0]


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A compiled statement.

    `resources` is None where every resource is meant, `principals` where a policy's kind has none.
    """

    index: int
    sid: str
    effect: Effect
    actions: Actions
    resources: Resources | None
    conditions: tuple[Holds, ...]
    principals: Principals | None
    is_complement: bool

    def standing(self, asked: Asked) -> Standing:
        """How the statement applies to a question about an action of its; `NONE`: not at all."""
        if self.resources is not None and not self.resources.has(asked):
            return Standing.NONE
        if self.conditions:
            values = asked.values
            for holds in self.conditions:
                if not holds(values):
                    return Standing.NONE
        return Standing.EXACT if self.principals is None else self._means(asked, self.principals)

    def _means(self, asked: Asked, principals: Principals) -> Standing:
        if not self.is_complement:
            return principals.standing(asked.principal)
        if self.effect is Effect.ALLOW:
            is_meant = principals.standing(asked.principal) is Standing.NONE
        else:
            # A principal with a permissions boundary cannot be spared, as AWS documents.
            is_meant = asked.has_boundary or not principals.spares(asked.principal)
        return Standing.LIMITED if is_meant else Standing.NONE


EVERY_ACTION = Actions(frozenset(), ("",), (), False)
NO_ACTION = Actions(frozenset(), (), (), False)


def deny_everything(index: int = 0) -> Statement:
    """What a document, or the statement at `index`, amounts to that cannot be read at all."""
    return Statement(index, "", Effect.EXPLICIT_DENY, EVERY_ACTION, None, (), None, False)


class Reader:
    """Reads one statement; `faults` collects what is wrong with it, in AWS's words."""

    def __init__(self, kind: PolicyKind, *, has_variables: bool, faults: list[Fault]) -> None:
        self._kind = kind
        self._has_variables = has_variables
        self._faults = faults

    def read(self, members: Any, index: int) -> Statement:
        """Compile `members`, the JSON of the statement at `index`."""
        known = len(self._faults)
        if not isinstance(members, dict) or not members.keys() <= _MEMBERS:
            self._faults.append(SYNTAX)
        if not isinstance(members, dict):
            return deny_everything(index)
        effect = self._effect(members)
        sid = members.get("Sid", "")
        if not _is_text(sid):
            self._faults.append(SYNTAX)
            sid = ""
        actions = self._actions(members, effect)
        resources = self._resources(members, effect)
        conditions = self._conditions(members, effect)
        principals = self._principals(members)
        if effect is Effect.ALLOW and len(self._faults) > known:
            actions = NO_ACTION
        is_complement = "NotPrincipal" in members
        return Statement(
            index, sid, effect, actions, resources, conditions, principals, is_complement
        )

    def _effect(self, members: Mapping[str, Any]) -> Effect:
        effect = members.get("Effect")
        if effect == "Allow":
            return Effect.ALLOW
        if effect != "Deny":
            self._faults.append(SYNTAX)
        return Effect.EXPLICIT_DENY

    def _one_of(self, members: Mapping[str, Any], name: str, none: Fault) -> list[str] | None:
        """The texts of `name` or of its complement; None for a fault, `none` if there are none."""
        there = [element for element in (name, f"Not{name}") if element in members]
        value = members[there[0]] if there else []
        texts = value if isinstance(value, list) else [value]
        if len(there) > 1 or not all(map(_is_text, texts)):
            self._faults.append(SYNTAX)
            return None
        if not texts:
            self._faults.append(none)
        return texts or None

    def _actions(self, members: Mapping[str, Any], effect: Effect) -> Actions:
        texts = self._one_of(members, "Action", _NO_ACTIONS)
        if texts is None:
            return EVERY_ACTION
        try:
            is_deny = effect is not Effect.ALLOW
            return compile_actions(texts, "NotAction" in members, is_deny=is_deny)
        except Unreadable as unreadable:
            self._faults.append(unreadable.fault)
            return EVERY_ACTION

    def _resources(self, members: Mapping[str, Any], effect: Effect) -> Resources | None:
        if self._kind is PolicyKind.TRUST:
            for name in ("Resource", "NotResource"):
                if name in members:
                    self._faults.append(Fault(Stage.RESOURCES, f"Has prohibited field {name}."))
            return None
        texts = self._one_of(members, "Resource", _NO_RESOURCES)
        if texts is None:
            return None
        is_everything, is_complement = "*" in texts, "NotResource" in members
        patterns = []
        for text in texts:
            parts = template(text, has_wildcards=True, has_variables=self._has_variables)
            segments = split(parts)
            if len(segments) > 1 and segments[0] == ("arn",):
                patterns.append(completed(segments))
            elif text != "*":
                message = f'Resource {text} must be in ARN format or "*".'
                self._faults.append(Fault(Stage.RESOURCES, message))
                return None
        if is_everything and not is_complement:
            return None
        arns = arn_set(patterns, is_everything=is_everything)
        return Resources(arns, is_complement, if_unknown=effect is not Effect.ALLOW)

    def _conditions(self, members: Mapping[str, Any], effect: Effect) -> tuple[Holds, ...]:
        block = members.get("Condition", {})
        if not isinstance(block, dict):
            self._faults.append(SYNTAX)
            return ()
        compiled: list[Holds] = []
        for operator, keys in block.items():
            if not isinstance(keys, dict):
                self._faults.append(SYNTAX)
                continue
            for key, operands in keys.items():
                try:
                    compiled.append(
                        circumstance(
                            operator,
                            key,
                            _operands(operands),
                            has_variables=self._has_variables,
                            is_deny=effect is not Effect.ALLOW,
                        )
                    )
                except Unreadable as unreadable:
                    self._faults.append(unreadable.fault)
        return tuple(compiled)

    def _principals(self, members: Mapping[str, Any]) -> Principals | None:
        elements = [name for name in ("Principal", "NotPrincipal") if name in members]
        if self._kind in NAMES_NOBODY:
            self._faults.extend(_SURPLUS_PRINCIPAL for _ in elements)
            return None
        if len(elements) != 1:
            self._faults.append(SYNTAX if elements else _NO_PRINCIPAL)
            return None
        if elements == ["NotPrincipal"] and self._kind is PolicyKind.TRUST:
            self._faults.append(Fault(Stage.SYNTAX, "Has prohibited field NotPrincipal."))
        try:
            return principals(members[elements[0]])
        except Unreadable as unreadable:
            self._faults.append(unreadable.fault)
            return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


def _operands(value: Any) -> list[str]:
    """The operands of a condition; numbers and booleans stand for their text."""
    texts: list[str] = []
    for operand in value if isinstance(value, list) else [value]:
        if isinstance(operand, bool):
            texts.append("true" if operand else "false")
        elif isinstance(operand, str):
            texts.append(operand)
        else:
            raise Unreadable(SYNTAX)
    return texts


def compile_actions(texts: list[str], is_complement: bool, *, is_deny: bool) -> Actions:
    """Compile action names; raises `Unreadable` when one of them is none.

    A prefix takes no wildcard: `*:GetObject` names no action. Two exceptions keep that from
    allowing anything: `*:*` in a Deny means everything, and no NotAction may hold such a name.
    """
    exact: set[str] = set()
    prefixes: list[str] = []
    patterns: list[str] = []
    for text in texts:
        action = text.lower()
        service, _, name = action.partition(":")
        if action == "*" or (action == "*:*" and is_deny and not is_complement):
            return Actions(frozenset(), ("",), (), is_complement)
        if action.count(":") != 1:
            raise Unreadable(_TWO_COLONS if ":" in action else NO_VENDOR)
        if _WILDCARD.search(service):
            if is_complement:
                raise Unreadable(Fault(Stage.PREFIXES, f"Vendor {service} is not valid"))
            continue
        star = name.find("*")
        if not _WILDCARD.search(name):
            exact.add(action)
        elif star == len(name) - 1 and "?" not in name:
            prefixes.append(action[:-1])
        else:
            patterns.append(pattern(action))
    return Actions(frozenset(exact), tuple(prefixes), tuple(patterns), is_complement)
