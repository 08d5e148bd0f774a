"""The words of a decision: who asks what, and the kinds of policy that may answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys and their values; names in any letter case, a tuple for multivalued keys."""


class PolicyKind(Enum):
    """What a document is attached to; decides which elements it may and must have."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    KEY = "key"
    SESSION = "session"
    BOUNDARY = "boundary"
    SERVICE_CONTROL = "service control"
    RESOURCE_CONTROL = "resource control"
    ENDPOINT = "endpoint"


class Layer(Enum):
    """A kind of policy that takes part in a decision; the value is the word denials print."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    ENDPOINT = "VPC endpoint policy"


class PrincipalKind(Enum):
    """Who may ask."""

    ROOT = "root"
    USER = "user"
    ROLE_SESSION = "role session"
    FEDERATED_USER = "federated user"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever is judged.

    `names` are all texts by which a policy's Principal element can mean this principal directly:
    a user's ARN and AIDA id; a session's own ARN, its role's ARN and AROA id; a service's name.
    `unique_id` is one more, which nobody shares (a session's is `AROA…:NAME`).
    `role_arn` is the role of a session, else empty.
    """

    kind: PrincipalKind
    account: str
    arn: str
    unique_id: str
    names: frozenset[str]
    role_arn: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """May this principal do this action on this resource, under these circumstances?

    `also` are further names of the resource: a statement that covers one of them covers it.
    """

    principal: Principal
    action: str
    resource: str
    context: Context
    also: tuple[str, ...] = ()


class ResourceRule(Enum):
    """How a resource's own policy counts beside the identity's, within one account."""

    EITHER = "either side may allow"
    REQUIRED = "the resource's policy must allow or delegate to the account (keys, roles)"


@dataclass(frozen=True, slots=True)
class Grant:
    """A KMS grant, as far as a decision goes. `operations` are action names without prefix.

    `grantee` is a principal ARN or service name; `context_equals` and `context_subset` are the
    encryption-context constraints, None where there is none.
    """

    id: str
    grantee: str
    operations: frozenset[str]
    context_equals: Mapping[str, str] | None = None
    context_subset: Mapping[str, str] | None = None


class Effect(Enum):
    """What a layer, or all of them together, says."""

    ALLOW = "ALLOW"
    IMPLICIT_DENY = "IMPLICIT_DENY"
    EXPLICIT_DENY = "EXPLICIT_DENY"
