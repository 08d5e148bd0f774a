"""Policies of an organization: service control for whoever acts, resource control for resources."""

import json
from typing import Any

from ... import iam
from ...iam.model import PolicyKind
from ...store import tags
from ...store.database import Tx
from ...store.organizations import policies
from ...store.organizations.organizations import RESOURCE_CONTROL, SERVICE_CONTROL, Organization
from ...store.organizations.policies import Policy
from ..operation import Call, Operation, Params, Result
from . import shapes, tagging
from .asks import on, on_all, on_new_policy
from .membership import reading, writing
from .organization import check_type
from .paging import page
from .refusals import beyond, invalid, malformed, refused

_KINDS = {
    SERVICE_CONTROL: PolicyKind.SERVICE_CONTROL,
    RESOURCE_CONTROL: PolicyKind.RESOURCE_CONTROL,
}
_LONGEST = 5120
_MOST = 1000


def _create(call: Call, params: Params) -> Result:
    given, kind, content = tagging.given(params), params["Type"], params["Content"]
    with writing(call) as (tx, organization):
        check_type(organization, kind)
        _check(content, kind)
        # AWS's own does not count.
        if len(policies.listed(tx, organization, kind)) > _MOST:
            raise beyond("POLICY_NUMBER_LIMIT_EXCEEDED")
        _check_name(tx, organization, kind, params["Name"])
        policy = policies.add(
            tx, organization, kind, params["Name"], params["Description"], content
        )
        tags.put(tx, policy.arn(organization), given)
    return shapes.policy(organization, policy)


def _describe(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        return shapes.policy(organization, find(tx, organization, params["PolicyId"]))


def _update(call: Call, params: Params) -> Result:
    with writing(call) as (tx, organization):
        policy = _own(tx, organization, params["PolicyId"])
        name, content = params.get("Name") or policy.name, params.get("Content") or policy.content
        _check(content, policy.type)
        if name != policy.name:
            _check_name(tx, organization, policy.type, name)
        description = params.get("Description", policy.description)
        policy = policies.change(tx, policy, name, description, content)
    return shapes.policy(organization, policy)


def _delete(call: Call, params: Params) -> Result:
    with writing(call) as (tx, organization):
        policy = _own(tx, organization, params["PolicyId"])
        if policies.targets(tx, organization, policy.id):
            raise refused("PolicyInUseException")
        tags.remove(tx, policy.arn(organization))
        policies.remove(tx, policy.id)
    return {}


def _list(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        kind = params["Filter"]
        found = policies.listed(tx, organization, kind) if kind in shapes.TYPES else []
    return summaries(call, params, organization, found)


def summaries(
    call: Call, params: Params, organization: Organization, found: list[Policy]
) -> Result:
    """One page of policies, by id."""
    return page(
        call,
        params,
        "Policies",
        sorted(found, key=lambda policy: policy.id),
        lambda policy: policy.id,
        lambda policy: shapes.policy_summary(organization, policy),
    )


def find(tx: Tx, organization: Organization, policy_id: str) -> Policy:
    """The policy of that id, the organization's or AWS's."""
    policy = policies.find(tx, organization, policy_id)
    if policy is None:
        raise refused("PolicyNotFoundException")
    return policy


def _own(tx: Tx, organization: Organization, policy_id: str) -> Policy:
    policy = find(tx, organization, policy_id)
    if policy.is_aws:
        raise invalid("IMMUTABLE_POLICY")
    return policy


def _check_name(tx: Tx, organization: Organization, kind: str, name: str) -> None:
    if any(policy.name == name for policy in policies.listed(tx, organization, kind)):
        raise refused("DuplicatePolicyException")


def _check(content: str, kind: str) -> None:
    """Refuse what is no policy of this type, or too long a one."""
    if len(content) > _LONGEST:
        raise beyond("POLICY_CONTENT_LIMIT_EXCEEDED")
    try:
        iam.compile(content, _KINDS[kind])
    except iam.MalformedPolicy as error:
        raise malformed(error.message) from None
    if kind == RESOURCE_CONTROL:
        for statement in iam.statements_of(json.loads(content)):
            _check_resource_control(statement)


def _check_resource_control(statement: dict[str, Any]) -> None:
    """A resource control policy denies, to anybody: what is allowed, AWS's own one allows."""
    if statement["Effect"] != "Deny":
        raise malformed("Effect must be Deny.")
    if statement.get("Principal") != "*":
        raise malformed('Principal must be "*".')
    if "NotAction" in statement:
        raise malformed("Has prohibited field NotAction.")


_ON_POLICY = on("PolicyId")

OPERATIONS = (
    Operation("organizations", "CreatePolicy", on_new_policy, _create),
    Operation("organizations", "DescribePolicy", _ON_POLICY, _describe),
    Operation("organizations", "UpdatePolicy", _ON_POLICY, _update),
    Operation("organizations", "DeletePolicy", _ON_POLICY, _delete),
    Operation("organizations", "ListPolicies", on_all, _list),
)
