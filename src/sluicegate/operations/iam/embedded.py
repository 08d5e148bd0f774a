"""Policies embedded in a user, a group or a role: they live and die with it."""

from collections.abc import Callable, Mapping
from functools import partial

from ...iam.model import PolicyKind
from ...store import policies
from ...store.identities import Kind
from ..operation import Call, Operation, Params, Result
from . import documents, limits
from .asks import on
from .paging import Page
from .subjects import missing, modifiable, required, writing


def put(kind: Kind, call: Call, params: Params) -> Result:
    """Embed a document, or put it in place of the one that has the name."""
    name, document = params["PolicyName"], params["PolicyDocument"]
    with writing(call) as tx:
        entity = modifiable(tx, kind, call, params)
        documents.check(document, PolicyKind.IDENTITY)
        others = [
            text
            for other, text in policies.inline(tx, entity.id).items()
            if other.lower() != name.lower()
        ]
        limits.within_inline(entity, documents.size([*others, document]))
        policies.put_inline(tx, entity.id, name, document)
    return {}


def get(kind: Kind, call: Call, params: Params) -> Result:
    """One embedded document."""
    wanted = params["PolicyName"].lower()
    with call.database.read() as tx:
        entity = required(tx, kind, call, params)
        found = policies.inline(tx, entity.id)
    for name, document in found.items():
        if name.lower() == wanted:
            return {
                f"{kind.value}Name": entity.name,
                "PolicyName": name,
                "PolicyDocument": documents.encoded(document),
            }
    raise missing(f"{kind.noun} policy", params["PolicyName"])


def delete(kind: Kind, call: Call, params: Params) -> Result:
    """Take an embedded document away."""
    with writing(call) as tx:
        entity = modifiable(tx, kind, call, params)
        if not policies.remove_inline(tx, entity.id, params["PolicyName"]):
            raise missing(f"{kind.noun} policy", params["PolicyName"])
    return {}


def list_names(kind: Kind, call: Call, params: Params) -> Result:
    """The names of what is embedded."""
    with call.database.read() as tx:
        names = list(policies.inline(tx, required(tx, kind, call, params).id))
    return Page(call.operation, params).of("PolicyNames", names, str.lower, str)


_RUNS: Mapping[str, Callable[[Kind, Call, Params], Result]] = {
    "Put{}Policy": put,
    "Get{}Policy": get,
    "Delete{}Policy": delete,
    "List{}Policies": list_names,
}

OPERATIONS = tuple(
    Operation("iam", name.format(kind.value), on(kind), partial(run, kind))
    for kind in Kind
    for name, run in _RUNS.items()
)
