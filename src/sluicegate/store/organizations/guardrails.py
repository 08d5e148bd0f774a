"""What `access` needs of organizations: an account's place, and the policies on the way there."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..database import Tx
from ..principals import StoredPolicy
from . import nodes, organizations, policies
from .nodes import Node
from .organizations import Organization
from .policies import Policy

Levels = tuple[tuple[StoredPolicy, ...], ...]
"""The policies of one type, a tuple for each level from the root down to the account."""


@dataclass(frozen=True, slots=True)
class Membership:
    """An account's place in its organization.

    `path` leads to the account's parent (aws:PrincipalOrgPaths). `levels` has the types that are
    enabled; nothing for the management account, which no policy of its organization limits.
    """

    organization: str
    path: str
    levels: Mapping[str, Levels]


def of_account(tx: Tx, account: str) -> Membership | None:
    """Where an account is and what holds there; None when it is in no organization."""
    organization = organizations.of_account(tx, account)
    if organization is None:
        return None
    way = nodes.way(tx, organization, account)
    kinds: list[str] = []
    if account != organization.management:
        kinds = organizations.enabled_types(tx, organization)
    hanging = policies.attached(tx, [node.id for node in way])
    levels = {
        kind: tuple(
            tuple(
                _stored(organization, policy, node)
                for target_id, policy in hanging
                if target_id == node.id and policy.type == kind
            )
            for node in way
        )
        for kind in kinds
    }
    return Membership(organization.id, nodes.path(organization, way[:-1]), levels)


def _stored(organization: Organization, policy: Policy, node: Node) -> StoredPolicy:
    arn = policy.arn(organization)
    return StoredPolicy(policy.content, arn, policy.name, node.arn(organization))
