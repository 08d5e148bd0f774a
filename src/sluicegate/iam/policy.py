"""A document, compiled: strictly when it is put, leniently when it is used."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..errors import SluicegateError
from . import grammar
from .documents import SYNTAX, Fault, Stage, Unreadable, read, statements_of
from .model import Effect, PolicyKind
from .principals import listed
from .statements import Reader, Statement, deny_everything

_MEMBERS = frozenset(("Version", "Id", "Statement"))
_VERSIONS = (None, "2008-10-17", "2012-10-17")
_REMEMBERED_ACTIONS = 256
WITH_VARIABLES = "2012-10-17"
_WRONG_VERSION = Fault(Stage.VERSION, "Policy document must be version 2012-10-17 or greater.")
_INVALID_JSON = "This policy contains invalid Json"


class MalformedPolicy(SluicegateError):
    """A document that may not be stored; `message` is AWS's sentence for why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A compiled document. `faults` is empty for whatever `compile` let pass.

    `principals` are the (kind, name) pairs of its Principal and NotPrincipal elements, in order.
    """

    kind: PolicyKind
    statements: tuple[Statement, ...]
    faults: tuple[Fault, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    _about: dict[str, tuple[Statement, ...]] = field(default_factory=dict, init=False, repr=False)

    def about(self, action: str) -> tuple[Statement, ...]:
        """The statements that speak of `action` (in lower case), in their order.

        Remembered, since the same few actions are asked all the time. Simulations may ask for any
        name, so there is a limit; two threads that ask at once find the same.
        """
        known = self._about.get(action)
        if known is None:
            known = tuple(one for one in self.statements if one.actions.has(action))
            if len(self._about) < _REMEMBERED_ACTIONS:
                self._about[action] = known
        return known


def compile(  # noqa: A001 - read with its module: `iam.compile`
    text: str, kind: PolicyKind, *, vendors: frozenset[str] | None = None
) -> Policy:
    """Read a document that is being put.

    Raises `MalformedPolicy` with AWS's sentence for anything AWS refuses, and for operators and
    operands nobody knows. `vendors` are the known service prefixes in lower case; None = any.
    """
    try:
        document = read(text)
    except Unreadable as unreadable:
        is_trust = kind is PolicyKind.TRUST
        raise MalformedPolicy(_INVALID_JSON if is_trust else str(unreadable)) from unreadable
    policy = _build(document, kind)
    faults = list(policy.faults)
    if all(fault.stage is not Stage.SYNTAX for fault in faults):
        faults.extend(grammar.faults(statements_of(document), kind, vendors))
    if faults:
        raise MalformedPolicy(min(faults, key=lambda fault: fault.stage).message)
    return policy


def load(text: str, kind: PolicyKind) -> Policy:
    """Read a stored document; never raises.

    A statement that cannot be understood does not allow, and denies as far as it can be
    understood; a text that cannot be read at all denies everything.
    """
    try:
        return _build(read(text), kind)
    except Unreadable as unreadable:
        return Policy(kind, (deny_everything(),), (unreadable.fault,))


def principals_of(policy: Policy) -> tuple[str, ...]:
    """The AWS principals of a resource's policy as they are written: ARNs, accounts, ids, `*`."""
    return tuple(name for kind, name in policy.principals if kind == "AWS")


def _build(document: Any, kind: PolicyKind) -> Policy:
    faults = list(_document_faults(document))
    if not isinstance(document, dict):
        return Policy(kind, (deny_everything(),), tuple(faults))
    is_whole = not faults
    has_variables = document.get("Version") == WITH_VARIABLES
    reader = Reader(kind, has_variables=has_variables, faults=faults)
    members = statements_of(document)
    statements = [reader.read(one, index) for index, one in enumerate(members)]
    if not is_whole:
        statements = [one for one in statements if one.effect is not Effect.ALLOW]
    return Policy(kind, tuple(statements), tuple(faults), tuple(_principals(members)))


def _document_faults(document: Any) -> Iterable[Fault]:
    if not isinstance(document, dict) or not document.keys() <= _MEMBERS:
        yield SYNTAX
        return
    version = document.get("Version")
    if version is not None and version.__class__ is not str:
        yield SYNTAX
    elif version not in _VERSIONS:
        yield _WRONG_VERSION
    identifier = document.get("Id", "")
    if identifier.__class__ is not str or document.get("Statement") in (None, []):
        yield SYNTAX


def _principals(members: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for statement in members:
        for element in ("Principal", "NotPrincipal"):
            if isinstance(statement, dict) and element in statement:
                try:
                    yield from tuple(listed(statement[element]))
                except Unreadable:
                    continue
