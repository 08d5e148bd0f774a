"""Principal and NotPrincipal: whom a statement of a resource's policy means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from .documents import SYNTAX, Number, Unreadable
from .model import Principal, PrincipalKind

_ACCOUNT = re.compile("([0-9]{12})|arn:[^:]+:iam::([0-9]{12}):root")
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


class Standing(IntEnum):
    """How closely a statement means a principal; the closer, the fewer other layers limit it."""

    NONE = 0
    ACCOUNT = 1
    """Through its account: the account's own policies still have to allow."""
    LIMITED = 2
    """Through its role, or because everyone is meant: boundary and session policy still limit."""
    EXACT = 3
    """By its own name."""


@dataclass(frozen=True, slots=True)
class Principals:
    """Everyone a Principal element lists."""

    is_everyone: bool
    accounts: frozenset[str]
    names: frozenset[str]
    services: frozenset[str]

    def standing(self, principal: Principal) -> Standing:
        """How an element that lists these means `principal`."""
        if principal.kind is PrincipalKind.SERVICE:
            is_named = not self.services.isdisjoint(principal.names)
            exact, is_account = is_named, False
        else:
            is_named = not self.names.isdisjoint(principal.names)
            exact = self._has(principal) or (
                is_named and principal.kind is not PrincipalKind.ROLE_SESSION
            )
            is_account = principal.account in self.accounts
        if exact:
            return Standing.EXACT
        if is_named or self.is_everyone:
            return Standing.LIMITED
        return Standing.ACCOUNT if is_account else Standing.NONE

    def _has(self, principal: Principal) -> bool:
        """Whether a user or a session is listed for itself, not by its role or its account."""
        return principal.arn in self.names or principal.unique_id in self.names

    def spares(self, principal: Principal) -> bool:
        """Whether a NotPrincipal that lists these lets `principal` off a Deny.

        The account must be listed, the principal itself, and a session's role besides.
        """
        if self.is_everyone:
            return True
        if principal.kind is PrincipalKind.SERVICE:
            return not self.services.isdisjoint(principal.names)
        if principal.account not in self.accounts:
            return False
        if principal.kind is PrincipalKind.ROOT:
            return True
        others = principal.names - {principal.arn}
        is_named = self._has(principal)
        if principal.kind is PrincipalKind.ROLE_SESSION:
            return is_named and not self.names.isdisjoint(others)
        return is_named or not self.names.isdisjoint(others)


def listed(element: Any) -> Iterator[tuple[str, str]]:
    """Every (kind, name) of a Principal element as it is written; `*` is `("AWS", "*")`.

    Raises `Unreadable` for what is no Principal element.
    """
    if element == "*" and not isinstance(element, Number):
        yield "AWS", "*"
        return
    if not isinstance(element, dict) or not element:
        raise Unreadable(SYNTAX)
    for kind, names in element.items():
        many = names if isinstance(names, list) else [names]
        if kind not in _KINDS or not many:
            raise Unreadable(SYNTAX)
        for name in many:
            if not isinstance(name, str) or isinstance(name, Number) or not name:
                raise Unreadable(SYNTAX)
            if name == "*" and kind != "AWS":
                raise Unreadable(SYNTAX)
            yield kind, name


def principals(element: Any) -> Principals:
    """Compile a Principal element; raises `Unreadable`."""
    pairs = list(listed(element))
    names = {name for kind, name in pairs if kind == "AWS" and name != "*"}
    accounts = {found[1] or found[2] for name in names if (found := _ACCOUNT.fullmatch(name))}
    return Principals(
        is_everyone=("AWS", "*") in pairs,
        accounts=frozenset(accounts),
        names=frozenset(names),
        services=frozenset(name for kind, name in pairs if kind == "Service"),
    )
