"""Whose organization a call is about: that of the caller's account, changed by its management."""

from collections.abc import Iterator
from contextlib import contextmanager

from ...store.database import Tx
from ...store.organizations import nodes, organizations
from ...store.organizations.nodes import Kind, Node
from ...store.organizations.organizations import Organization
from ..operation import Call
from .refusals import refused


def own(tx: Tx, call: Call) -> Organization:
    """The organization the caller's account is in."""
    organization = organizations.of_account(tx, call.account)
    if organization is None:
        raise refused("AWSOrganizationsNotInUseException")
    return organization


def managed(tx: Tx, call: Call) -> Organization:
    """The organization the caller's account manages; members see no more of it than that."""
    organization = own(tx, call)
    if organization.management != call.account:
        raise refused("AccessDeniedException")
    return organization


@contextmanager
def reading(call: Call) -> Iterator[tuple[Tx, Organization]]:
    """A look into the organization the caller manages."""
    with call.database.read() as tx:
        yield tx, managed(tx, call)


@contextmanager
def writing(call: Call) -> Iterator[tuple[Tx, Organization]]:
    """A change of the organization the caller manages."""
    with call.database.write() as tx:
        yield tx, managed(tx, call)


def place(tx: Tx, organization: Organization, node_id: str, code: str, *kinds: Kind) -> Node:
    """The root, unit or account of that id, of one of `kinds`; refused as `code` otherwise."""
    node = nodes.find(tx, organization, node_id)
    if node is None or (kinds and node.kind not in kinds):
        raise refused(code)
    return node


def parent(tx: Tx, organization: Organization, node_id: str) -> Node:
    """A place that others may be below of."""
    return place(tx, organization, node_id, "ParentNotFoundException", Kind.ROOT, Kind.UNIT)
