"""Service control and resource control policies: what an organization lets its accounts do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..iam.layers import Attached
from ..iam.model import Context, PolicyKind, PrincipalKind
from ..store.database import Database, Tx
from ..store.organizations import guardrails
from ..store.organizations.organizations import RESOURCE_CONTROL, SERVICE_CONTROL
from .callers import Ask, Caller
from .memory import CompiledPolicies, Remembered

Levels = tuple[tuple[Attached, ...], ...]

_ACCOUNT = re.compile("[0-9]{12}")
_LINKED = ":role/aws-service-role/"

# AWS's list has some forty services; these are the ones of it that calls come here for.
_RESOURCE_CONTROLLED = frozenset({"kms", "logs", "s3", "secretsmanager", "sqs", "sts"})
# Known: whoever holds a grant may always give it back.
_UNCONTROLLED = frozenset({"kms:RetireGrant"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account is in its organization, and the policies that hold there, root first."""

    organization: str = ""
    path: str = ""
    service_control: Levels = ()
    resource_control: Levels = ()

    def keys(self, whose: str) -> Context:
        """The condition keys of `whose` account this is: Principal, Resource or Source."""
        if not self.organization:
            return {}
        return {
            f"aws:{whose}OrgID": self.organization,
            f"aws:{whose}OrgPaths": (self.path,),
        }


NOWHERE = Place()

_KINDS: Mapping[str, PolicyKind] = {
    SERVICE_CONTROL: PolicyKind.SERVICE_CONTROL,
    RESOURCE_CONTROL: PolicyKind.RESOURCE_CONTROL,
}


class Guardrails:
    """Knows the place of every account, remembered for one permissions epoch."""

    def __init__(self, database: Database, compiled: CompiledPolicies) -> None:
        self._database = database
        self._compiled = compiled

    def place(self, account: str, remembered: Remembered) -> Place:
        """The place of an account, an empty one for an account of no organization."""
        # Whoever asks about a resource writes its account: what is none is not remembered.
        if not _ACCOUNT.fullmatch(account):
            return NOWHERE

        def load() -> Place:
            with self._database.read() as tx:
                return read(tx, account, self._compiled)

        return remembered.recall(("place", account), load)


def read(tx: Tx, account: str, compiled: CompiledPolicies) -> Place:
    """The place of an account, as of a transaction that reads more than that."""
    found = guardrails.of_account(tx, account)
    if found is None:
        return NOWHERE
    levels = {
        name: tuple(
            tuple(compiled.attached(policy, _KINDS[name]) for policy in level) for level in kept
        )
        for name, kept in found.levels.items()
    }
    return Place(
        found.organization,
        found.path,
        levels.get(SERVICE_CONTROL, ()),
        levels.get(RESOURCE_CONTROL, ()),
    )


def is_linked(role_arn: str) -> bool:
    """Whether a role is linked to a service: no organization's policy limits what that does."""
    return _LINKED in role_arn


def service_control(caller: Caller, place: Place) -> Levels:
    """The service control policies that limit a caller: services and their roles have none."""
    principal = caller.principal
    is_exempt = principal.kind is PrincipalKind.SERVICE or is_linked(principal.role_arn)
    return () if is_exempt else place.service_control


def resource_control(caller: Caller, ask: Ask, place: Place) -> Levels:
    """The resource control policies that guard what is asked about, in the account it is in."""
    service = ask.action.partition(":")[0]
    is_guarded = service in _RESOURCE_CONTROLLED and ask.action not in _UNCONTROLLED
    is_exempt = ask.is_of_aws or is_linked(caller.principal.role_arn)
    return place.resource_control if is_guarded and not is_exempt else ()
