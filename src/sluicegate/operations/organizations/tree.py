"""What is right below a place, and what is right above one."""

from ...store.organizations import nodes
from ...store.organizations.nodes import Kind
from ..operation import Call, Operation, Params, Result
from .asks import on
from .membership import parent, place, reading
from .paging import page


def _children(call: Call, params: Params) -> Result:
    kind = Kind(params["ChildType"])
    with reading(call) as (tx, organization):
        above = parent(tx, organization, params["ParentId"])
        found = nodes.children(tx, above.id, kind)
    return page(
        call,
        params,
        "Children",
        found,
        lambda node: node.id,
        lambda node: {"Id": node.id, "Type": node.kind.value},
    )


def _parents(call: Call, params: Params) -> Result:
    with reading(call) as (tx, organization):
        child = params["ChildId"]
        node = place(tx, organization, child, "ChildNotFoundException", Kind.UNIT, Kind.ACCOUNT)
    above = {"Id": node.parent_id, "Type": nodes.kind_of(node.parent_id).value}
    return page(call, params, "Parents", [above], lambda one: one["Id"], lambda one: one)


OPERATIONS = (
    Operation("organizations", "ListChildren", on("ParentId"), _children),
    Operation("organizations", "ListParents", on("ChildId"), _parents),
)
