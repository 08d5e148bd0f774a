"""The caller of a request, and what an operation asks to be allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..iam.model import Context, Grant, PolicyKind, Principal


@dataclass(frozen=True, slots=True)
class Session:
    """What temporary credentials carry: sealed into their token, kept in no table.

    `policies` are session policy documents, `policy_arns` managed session policies. A service
    opened one that `is_services_own` for calls of its own: they come from no client's network.
    """

    name: str
    issued_ms: int
    expires_ms: int
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str = ""
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    source_function_arn: str = ""
    is_chained: bool = False
    is_services_own: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed the request. `entity_id` is the user's AIDA or the role's AROA id, "" for root.

    `context` are the principal's condition keys (aws:PrincipalArn, aws:username, …).
    """

    principal: Principal
    access_key: str
    entity_id: str
    name: str
    context: Context
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """A resource's own policy: RESOURCE (either side may allow), TRUST or KEY (it must)."""

    text: str
    kind: PolicyKind
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question an operation puts: this action, on this resource, with these keys.

    `resource` is an ARN or `*`; `also` are further names of the same thing, and a statement that
    covers one of them covers it (log groups: `…:NAME` and `…:NAME:*`).
    `tags` are the resource's (aws:ResourceTag/…; None = the action does not support them),
    `request_tags` those sent along (aws:RequestTag/…, aws:TagKeys).
    `shown` is what a denial prints for the resource where that is not its ARN. `is_granted` marks
    what AWS never denies a valid key (sts:GetCallerIdentity), `is_of_aws` a resource that AWS
    manages in the account (a key): resource control policies leave it alone.
    """

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    request_tags: Mapping[str, str] | None = None
    resource_policy: ResourcePolicy | None = None
    resource_account: str = ""
    grants: tuple[Grant, ...] = ()
    shown: str = ""
    is_granted: bool = False
    is_of_aws: bool = False
    also: tuple[str, ...] = ()
