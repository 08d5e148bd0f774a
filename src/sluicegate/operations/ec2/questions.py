"""What operations on networks ask: each resource with the condition keys AWS gives it."""

from collections.abc import Iterable, Mapping
from typing import Any

from ...access import Ask
from ...iam.model import Context
from ...store.database import Tx
from ..operation import Call, Params
from . import zones
from .kinds import INTERFACE, SUBNET, VPC, Kind, Thing
from .served import place_of

_ANY = "*"


def anything(call: Call, _tx: Tx, _params: Params) -> list[Ask]:
    """The question of calls that AWS gives no resource: Describe, lists, the default VPC."""
    return [Ask(f"ec2:{call.operation}", _ANY, _region(call))]


def existing(
    call: Call,
    tx: Tx,
    kind: Kind[Any],
    id: str | None,
    *,
    context: Context | None = None,
) -> Ask:
    """May the caller do this to the thing with this id? An unknown thing has no tags."""
    thing = kind.find(tx, place_of(call), id) if id else None
    return _about(call, kind, id, thing, context=context)


def each(
    call: Call,
    tx: Tx,
    kind: Kind[Any],
    ids: Iterable[str],
    *,
    request_tags: Mapping[str, str] | None = None,
) -> list[Ask]:
    """`existing` for many things of a kind, looked up together."""
    wanted = list(ids)
    found = {thing.id: thing for thing in kind.load(tx, place_of(call), wanted)} if wanted else {}
    return [
        _about(call, kind, thing_id, found.get(thing_id), request_tags=request_tags)
        for thing_id in wanted
    ]


def _about(
    call: Call,
    kind: Kind[Any],
    id: str | None,
    thing: Thing | None,
    *,
    context: Context | None = None,
    request_tags: Mapping[str, str] | None = None,
) -> Ask:
    keys: dict[str, str | tuple[str, ...]] = {**_region(call), **(context or {})}
    if kind.id_key and id:
        keys[kind.id_key] = id
    tags: Mapping[str, str] = {}
    if thing is not None:
        tags = thing.tags
        keys |= _surroundings(call, kind, thing)
        keys |= {f"ec2:ResourceTag/{key}": value for key, value in tags.items()}
    return Ask(
        f"ec2:{call.operation}",
        call.arn("ec2", f"{kind.type}/{id or _ANY}"),
        keys,
        tags=tags,
        request_tags=request_tags,
    )


def created(call: Call, params: Params, kind: Kind[Any], *others: Ask) -> list[Ask]:
    """May the caller make one, with or in the `others`, and give it the tags sent?

    Its id is not known yet, so both questions are about any of its kind.
    """
    resource = call.arn("ec2", f"{kind.type}/{_ANY}")
    tags = sent_tags(params, kind)
    ask = Ask(f"ec2:{call.operation}", resource, _region(call), request_tags=tags)
    return [ask, *others, *tagged(call, kind, tags)]


def tagged(call: Call, kind: Kind[Any], tags: Mapping[str, str]) -> list[Ask]:
    """May the caller give these tags to what the call makes?"""
    if not tags:
        return []
    context = {**_region(call), "ec2:CreateAction": call.operation}
    resource = call.arn("ec2", f"{kind.type}/{_ANY}")
    return [Ask("ec2:CreateTags", resource, context, request_tags=tags)]


def sent_tags(params: Params, kind: Kind[Any]) -> dict[str, str]:
    """The tags a request sends for things of this kind, unchecked."""
    return {
        str(tag.get("Key") or ""): str(tag.get("Value") or "")
        for specification in params.get("TagSpecifications") or ()
        if specification.get("ResourceType") == kind.type
        for tag in specification.get("Tags") or ()
    }


def attribute(params: Params, names: Iterable[str]) -> Context:
    """The keys that say which attribute is changed, and to what, in AWS's words."""
    keys: dict[str, str | tuple[str, ...]] = {}
    for name in names:
        value = params.get(name)
        if value is None:
            continue
        keys["ec2:Attribute"] = name
        bare = value.get("Value") if isinstance(value, Mapping) else value
        if isinstance(bare, bool):
            keys[f"ec2:Attribute/{name}"] = str(bare).lower()
        elif isinstance(bare, str):
            keys[f"ec2:Attribute/{name}"] = bare
    return keys


def _region(call: Call) -> dict[str, str | tuple[str, ...]]:
    return {"ec2:Region": call.region}


def _surroundings(call: Call, kind: Kind[Any], thing: Any) -> dict[str, str]:
    if kind is VPC:
        return {"ec2:Tenancy": thing.tenancy}
    keys: dict[str, str] = {}
    if getattr(thing, "vpc_id", None):
        keys["ec2:Vpc"] = call.arn("ec2", f"vpc/{thing.vpc_id}")
    if kind in (SUBNET, INTERFACE):
        keys["ec2:AvailabilityZone"] = thing.zone
        keys["ec2:AvailabilityZoneId"] = zones.id_of(call.region, thing.zone)
    if kind is INTERFACE:
        keys["ec2:Subnet"] = call.arn("ec2", f"subnet/{thing.subnet_id}")
    return keys
