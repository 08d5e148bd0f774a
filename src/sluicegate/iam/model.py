"""The words of a decision: what is asked, what it is asked against, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .policy import Policy

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


@dataclass(frozen=True, slots=True)
class Attached:
    """A compiled policy and where it hangs: `uri` is its ARN, empty for an inline policy.

    `name` tells inline policies apart; `attached_to` is the ARN it is attached to or embedded in.
    `text` is the document as it is stored, for whoever records the decision.
    """

    policy: "Policy"
    uri: str = ""
    name: str = ""
    attached_to: str = ""
    text: str = field(default="", repr=False)


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


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything a question is judged against. None or () = the layer is absent and sets no limit.

    `identity`: the principal's own policies, inline, managed and through groups.
    `boundary`, `session`, `endpoint`: each allows what any of its policies allows.
    `service_control`, `resource_control`: one tuple per level, root first; every level must allow.
    `resource`: the resource's own policy; `resource_account` owns the resource ("" = the
    principal's account). `resource_layer` is the word for it in denials (RESOURCE or TRUST).
    `grants`: of a KMS key; they allow in addition to policies.
    """

    identity: tuple[Attached, ...] = ()
    boundary: tuple[Attached, ...] | None = None
    session: tuple[Attached, ...] | None = None
    endpoint: tuple[Attached, ...] | None = None
    service_control: tuple[tuple[Attached, ...], ...] = ()
    resource_control: tuple[tuple[Attached, ...], ...] = ()
    resource: Attached | None = None
    resource_account: str = ""
    resource_layer: Layer = Layer.RESOURCE
    resource_rule: ResourceRule = ResourceRule.EITHER
    grants: tuple[Grant, ...] = ()


class Effect(Enum):
    """What a layer, or all of them together, says."""

    ALLOW = "ALLOW"
    IMPLICIT_DENY = "IMPLICIT_DENY"
    EXPLICIT_DENY = "EXPLICIT_DENY"


@dataclass(frozen=True, slots=True)
class Match:
    """A statement that applied: its index and Sid in the policy it stands in."""

    attached: Attached
    index: int
    sid: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Check:
    """What one layer said, and the statements that made it say so."""

    layer: Layer
    effect: Effect
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the layer that refused (None when allowed) and what each layer said.

    `reason` is a short word for outcomes no statement explains: `root`, `grant`,
    `always allowed`.
    """

    effect: Effect
    checks: tuple[Check, ...] = field(default=())
    layer: Layer | None = None
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the call may go ahead."""
        return self.effect is Effect.ALLOW
