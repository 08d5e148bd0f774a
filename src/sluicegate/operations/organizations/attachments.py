"""Policies on roots, units and accounts: from one to five of each enabled type."""

from ...store.database import Tx
from ...store.organizations import nodes, organizations, policies
from ...store.organizations.nodes import Node
from ...store.organizations.organizations import RESOURCE_CONTROL, Organization
from ..operation import Call, Operation, Params, Result
from .asks import on
from .membership import place, reading, writing
from .paging import page
from .policies import find, summaries
from .refusals import beyond, invalid, refused

_MOST = 5


def _attach(call: Call, params: Params) -> Result:
    with writing(call) as (tx, organization):
        policy = find(tx, organization, params["PolicyId"])
        target = _target(tx, organization, params)
        if policy.type not in organizations.enabled_types(tx, organization):
            raise refused("PolicyTypeNotEnabledException")
        there = policies.on(tx, target.id, policy.type)
        if policy in there:
            raise refused("DuplicatePolicyAttachmentException")
        if len(there) >= _MOST:
            raise beyond("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
        policies.attach(tx, target.id, policy, call.now_ms)
    return {}


def _detach(call: Call, params: Params) -> Result:
    with writing(call) as (tx, organization):
        policy = find(tx, organization, params["PolicyId"])
        target = _target(tx, organization, params)
        there = policies.on(tx, target.id, policy.type)
        if policy not in there:
            raise refused("PolicyNotAttachedException")
        if policy == policies.FULL_ACCESS[RESOURCE_CONTROL]:
            raise invalid("NON_DETACHABLE_POLICY")
        if len(there) == 1:
            raise beyond("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
        policies.detach(tx, target.id, policy.id)
    return {}


def _list_policies(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        target = _target(tx, organization, params)
        found = policies.on(tx, target.id, params["Filter"])
    return summaries(call, params, organization, found)


def _list_targets(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        policy = find(tx, organization, params["PolicyId"])
        ids = set(policies.targets(tx, organization, policy.id))
        found = [node for node in nodes.every(tx, organization) if node.id in ids]
    return page(
        call,
        params,
        "Targets",
        found,
        lambda node: node.id,
        lambda node: {
            "TargetId": node.id,
            "Arn": node.arn(organization),
            "Name": node.name,
            "Type": node.kind.value,
        },
    )


def _target(tx: Tx, organization: Organization, params: Params) -> Node:
    return place(tx, organization, params["TargetId"], "TargetNotFoundException")


_ON_BOTH = on("PolicyId", "TargetId")

OPERATIONS = (
    Operation("organizations", "AttachPolicy", _ON_BOTH, _attach),
    Operation("organizations", "DetachPolicy", _ON_BOTH, _detach),
    Operation("organizations", "ListPoliciesForTarget", on("TargetId"), _list_policies),
    Operation("organizations", "ListTargetsForPolicy", on("PolicyId"), _list_targets),
)
