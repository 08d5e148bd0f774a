"""The policies of a simulation: those stored, less those left out, and those sent along."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ... import aws_policies, iam
from ...access import guardrails
from ...access.guardrails import NOWHERE, Levels, Place, is_linked
from ...access.memory import CompiledPolicies
from ...arn import Arn
from ...errors import AwsError
from ...iam.layers import Attached, Layers
from ...iam.model import PolicyKind, ResourceRule
from ...store import principals
from ...store.database import Tx
from ...store.identities import Entity
from ...store.principals import StoredPolicy
from ..operation import Params


@dataclass(frozen=True, slots=True)
class Policies:
    """What is asked whichever the action and the resource are; `resource` is a text not read yet.

    `place` is the account's in its organization; `is_member`: whether an organization has its say,
    be it that everything is allowed.
    """

    identity: tuple[Attached, ...] = ()
    boundary: tuple[Attached, ...] | None = None
    service_control: Levels = ()
    resource: str | None = None
    place: Place = NOWHERE
    is_member: bool = False

    @property
    def size(self) -> int:
        """The characters of all of them together."""
        levels = (self.identity, self.boundary or (), *self.service_control)
        return sum(len(one.text) for level in levels for one in level) + len(self.resource or "")

    def of_resource(self, action: str) -> Attached | None:
        """The policy of the resources, read as what `action` makes of it."""
        if self.resource is None:
            return None
        kind = _RESOURCE_KINDS.get(action.partition(":")[0].lower(), PolicyKind.RESOURCE)
        return _sent(self.resource, kind, "ResourcePolicy", "Resource policy")

    def layers(self, resource: Attached | None, resource_account: str) -> Layers:
        """These policies and that of a resource, as they are put to a question.

        A key's policy must allow, and a role's trust policy; others need not.
        """
        is_required = resource is not None and resource.policy.kind is not PolicyKind.RESOURCE
        return Layers(
            identity=self.identity,
            boundary=self.boundary,
            service_control=self.service_control,
            resource=resource,
            resource_account=resource_account,
            resource_rule=ResourceRule.REQUIRED if is_required else ResourceRule.EITHER,
        )


_RESOURCE_KINDS = {"kms": PolicyKind.KEY, "sts": PolicyKind.TRUST}


def stored(tx: Tx, entity: Entity, left_out: Sequence[Mapping[str, Any]] = ()) -> Policies:
    """What a user, group or role has and what limits it, without what is to be left out."""
    compiled = CompiledPolicies()
    own = principals.identity_policies(tx, entity.id)
    # A policy that comes through several groups is one.
    identity = {(one.uri or one.attached_to, one.name): one for one in own}
    is_bounded = entity.boundary_arn and {"PolicyType": "permission-boundary"} not in left_out
    boundary = None
    if is_bounded:
        found = principals.policy_by_arn(tx, entity.boundary_arn or "")
        boundary = () if found is None else (compiled.attached(found, PolicyKind.BOUNDARY),)
    place = guardrails.read(tx, entity.account, compiled)
    is_limited = not is_linked(entity.arn) and {"PolicyType": "scp"} not in left_out
    return Policies(
        tuple(
            compiled.attached(one, PolicyKind.IDENTITY)
            for one in identity.values()
            if not any(_means(each, one) for each in left_out)
        ),
        boundary,
        place.service_control if is_limited else (),
        place=place,
        is_member=True,
    )


def with_sent(policies: Policies, params: Params) -> Policies:
    """`policies` and those a call brings; a boundary it brings takes the place of the stored."""
    boundaries = params.get("PermissionsBoundaryPolicyInputList") or ()
    if len(boundaries) > 1:
        message = "The list of Permissions Boundary policies cannot exceed 1 items."
        raise AwsError("InvalidInput", message)
    identity = _listed(
        params.get("PolicyInputList") or (), PolicyKind.IDENTITY, "PolicyInputList", "Policy input"
    )
    boundary = _listed(
        boundaries,
        PolicyKind.BOUNDARY,
        "PermissionsBoundaryPolicyInputList",
        "Permissions boundary policy input",
    )
    levels = tuple(_level(params.get("OrderedOrganizationPolicyInputList") or ()))
    return replace(
        policies,
        identity=(*policies.identity, *identity),
        boundary=boundary or policies.boundary,
        service_control=(*policies.service_control, *levels),
        resource=params.get("ResourcePolicy"),
        is_member=policies.is_member or bool(levels),
    )


def _level(levels: Sequence[Mapping[str, Any]]) -> Iterable[tuple[Attached, ...]]:
    for number, level in enumerate(levels, 1):
        texts = level.get("ServiceControlPolicyInputList")
        if not texts:
            message = (
                f"Organization policy at index {number} must contain at least one service control "
                "policy"
            )
            raise AwsError("InvalidInput", message)
        name = "ServiceControlPolicyInputList"
        yield _listed(texts, PolicyKind.SERVICE_CONTROL, name, "Organization policy input")


def _listed(texts: Sequence[str], kind: PolicyKind, name: str, shown: str) -> tuple[Attached, ...]:
    return tuple(
        _sent(text, kind, f"{name}.{number}", f"{shown} list item {number}")
        for number, text in enumerate(texts, 1)
    )


def _sent(text: str, kind: PolicyKind, name: str, shown: str) -> Attached:
    try:
        return Attached(iam.compile(text, kind), name=name, text=text)
    except iam.MalformedPolicy:
        raise AwsError("InvalidInput", f"{shown} has invalid content") from None


def name_of(attached: Attached) -> str:
    """What the simulator calls a policy: `user_alice_NAME` where it is embedded in user alice."""
    if attached.uri or not attached.attached_to:
        return attached.name
    return "_".join((*_holder(attached.attached_to), attached.name))


def _holder(arn: str) -> tuple[str, str]:
    """The noun and the name in the ARN of a user, group or role."""
    resource = Arn.parse(arn).resource
    return resource.partition("/")[0], resource.rpartition("/")[2]


def _means(left_out: Mapping[str, Any], policy: StoredPolicy) -> bool:
    """Whether an entry of PolicyExclusionList means a stored identity policy."""
    match left_out:
        case {"PolicyType": "inline"}:
            return not policy.uri
        case {"PolicyType": "aws-managed"}:
            return aws_policies.is_aws(policy.uri)
        case {"PolicyType": "user-managed"}:
            return bool(policy.uri) and not aws_policies.is_aws(policy.uri)
        case {"PolicyArn": arn}:
            return bool(policy.uri == arn)
        case {"InlinePolicyIdentifier": one}:
            holder = (one["AttachmentType"], one["AttachmentName"])
            is_its = not policy.uri and holder == _holder(policy.attached_to)
            return is_its and bool(one["PolicyName"] == policy.name)
    return False
