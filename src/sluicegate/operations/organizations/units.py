"""Organizational units: five deep at most, with names of their own below one parent."""

from ...store import tags
from ...store.database import Tx
from ...store.organizations import nodes, organizations, policies
from ...store.organizations.nodes import Kind, Node
from ...store.organizations.organizations import Organization, new_id
from ..operation import Call, Operation, Params, Result
from . import shapes, tagging
from .asks import on
from .membership import parent, place, reading, writing
from .paging import page
from .refusals import beyond, refused

_DEPTH = 5
_MOST = 2000


def _create(call: Call, params: Params) -> Result:
    given = tagging.given(params)
    with writing(call) as (tx, organization):
        above = parent(tx, organization, params["ParentId"])
        _check_name(tx, above.id, params["Name"])
        if len(nodes.way(tx, organization, above.id)) > _DEPTH:
            raise beyond("OU_DEPTH_LIMIT_EXCEEDED")
        everything = nodes.every(tx, organization)
        if sum(node.kind is Kind.UNIT for node in everything) >= _MOST:
            raise beyond("OU_NUMBER_LIMIT_EXCEEDED")
        root = nodes.root(tx, organization)
        unit = Node(new_id(f"ou-{root.id.removeprefix('r-')}", 8), above.id, params["Name"])
        settle(tx, organization, unit, call.now_ms)
        tags.put(tx, unit.arn(organization), given)
        return {"OrganizationalUnit": shapes.unit(tx, organization, unit)}


def settle(tx: Tx, organization: Organization, node: Node, now_ms: int) -> None:
    """Put a new unit or account in its place, where nothing is forbidden yet."""
    nodes.add(tx, organization, node)
    for kind in organizations.enabled_types(tx, organization):
        policies.attach(tx, node.id, policies.FULL_ACCESS[kind], now_ms)


def _describe(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        unit = _unit(tx, organization, params)
        return {"OrganizationalUnit": shapes.unit(tx, organization, unit)}


def _update(call: Call, params: Params) -> Result:
    with writing(call) as (tx, organization):
        unit = _unit(tx, organization, params)
        name = params.get("Name") or unit.name
        if name != unit.name:
            _check_name(tx, unit.parent_id, name)
            nodes.rename(tx, unit.id, name)
        unit = _unit(tx, organization, params)
        return {"OrganizationalUnit": shapes.unit(tx, organization, unit)}


def _delete(call: Call, params: Params) -> Result:
    with writing(call) as (tx, organization):
        unit = _unit(tx, organization, params)
        if any(nodes.children(tx, unit.id, kind) for kind in (Kind.UNIT, Kind.ACCOUNT)):
            raise refused("OrganizationalUnitNotEmptyException")
        tags.remove(tx, unit.arn(organization))
        nodes.remove(tx, unit.id)
    return {}


def _list(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        above = parent(tx, organization, params["ParentId"])
        units = nodes.children(tx, above.id, Kind.UNIT)
        return page(
            call,
            params,
            "OrganizationalUnits",
            units,
            lambda unit: unit.id,
            lambda unit: shapes.unit(tx, organization, unit),
        )


def _unit(tx: Tx, organization: Organization, params: Params) -> Node:
    code = "OrganizationalUnitNotFoundException"
    return place(tx, organization, params["OrganizationalUnitId"], code, Kind.UNIT)


def _check_name(tx: Tx, parent_id: str, name: str) -> None:
    if any(unit.name == name for unit in nodes.children(tx, parent_id, Kind.UNIT)):
        raise refused("DuplicateOrganizationalUnitException")


_ON_UNIT = on("OrganizationalUnitId")

OPERATIONS = (
    Operation("organizations", "CreateOrganizationalUnit", on("ParentId"), _create),
    Operation("organizations", "DescribeOrganizationalUnit", _ON_UNIT, _describe),
    Operation("organizations", "UpdateOrganizationalUnit", _ON_UNIT, _update),
    Operation("organizations", "DeleteOrganizationalUnit", _ON_UNIT, _delete),
    Operation("organizations", "ListOrganizationalUnitsForParent", on("ParentId"), _list),
)
