"""Organizations, roots, units, accounts and policies as answers show them."""

from typing import Any

from ...clock import to_second
from ...store.database import Tx
from ...store.organizations import nodes, organizations
from ...store.organizations.creations import Creation
from ...store.organizations.nodes import Node
from ...store.organizations.organizations import ALL_FEATURES, Organization
from ...store.organizations.policies import FULL_ACCESS, Policy

TYPES = tuple(FULL_ACCESS)
"""The types of policy there are here."""


def organization(tx: Tx, one: Organization) -> dict[str, Any]:
    """An organization, with the types of policy it may use."""
    management = nodes.find(tx, one, one.management)
    assert management is not None
    types = TYPES if one.feature_set == ALL_FEATURES else ()
    return {
        "Id": one.id,
        "Arn": one.arn,
        "FeatureSet": one.feature_set,
        "MasterAccountArn": management.arn(one),
        "MasterAccountId": management.id,
        "MasterAccountEmail": management.email,
        "AvailablePolicyTypes": _types(types),
    }


def root(tx: Tx, one: Organization) -> dict[str, Any]:
    """The root, with the types of policy enabled in it."""
    node = nodes.root(tx, one)
    enabled = organizations.enabled_types(tx, one)
    shown = {"Id": node.id, "Arn": node.arn(one), "Name": node.name}
    return shown | {"PolicyTypes": _types(enabled)}


def _types(names: tuple[str, ...] | list[str]) -> list[dict[str, str]]:
    return [{"Type": name, "Status": "ENABLED"} for name in names]


def unit(tx: Tx, one: Organization, node: Node) -> dict[str, Any]:
    """An organizational unit."""
    return {
        "Id": node.id,
        "Arn": node.arn(one),
        "Name": node.name,
        "Path": nodes.path(one, nodes.way(tx, one, node.id)),
    }


def account(tx: Tx, one: Organization, node: Node) -> dict[str, Any]:
    """An account, and how it came to be in the organization."""
    return {
        "Id": node.id,
        "Arn": node.arn(one),
        "Email": node.email,
        "Name": node.name,
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "Paths": [nodes.path(one, nodes.way(tx, one, node.id))],
        "JoinedMethod": "INVITED" if node.id == one.management else "CREATED",
        "JoinedTimestamp": to_second(node.joined_ms),
    }


def creation(one: Creation) -> dict[str, Any]:
    """What became of a request for an account."""
    return {
        "Id": one.id,
        "AccountName": one.name,
        "State": "FAILED" if one.failure else "SUCCEEDED",
        "RequestedTimestamp": to_second(one.requested_ms),
        "CompletedTimestamp": to_second(one.requested_ms),
        "AccountId": one.account or None,
        "FailureReason": one.failure or None,
    }


def policy_summary(one: Organization, policy: Policy) -> dict[str, Any]:
    """A policy without its text."""
    return {
        "Id": policy.id,
        "Arn": policy.arn(one),
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type,
        "AwsManaged": policy.is_aws,
    }


def policy(one: Organization, found: Policy) -> dict[str, Any]:
    """A policy with its text."""
    return {"Policy": {"PolicySummary": policy_summary(one, found), "Content": found.content}}
