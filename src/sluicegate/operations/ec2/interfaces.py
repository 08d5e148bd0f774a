"""Network interfaces: create, change, delete, describe, and their secondary addresses."""

import hashlib
import json
from collections.abc import Iterable

from ...access import Ask
from ...errors import AwsError
from ...store import tags
from ...store.database import Tx
from ...store.ec2 import groups, interfaces
from ...store.ec2.interfaces import Interface
from ...store.ec2.subnets import Subnet
from ..operation import Call, Params, Result
from . import addresses, limits, questions, tagging
from .interface_views import DESCRIBE, rendered
from .kinds import GROUP, INTERFACE, SUBNET
from .refusals import flag, invalid, missing, one_of, unserved
from .served import place_of, writing

_UNSERVED = (
    "Ipv4Prefixes",
    "Ipv4PrefixCount",
    "Ipv6Prefixes",
    "Ipv6PrefixCount",
    "Ipv6Addresses",
    "Ipv6AddressCount",
    "InterfaceType",
    "EnablePrimaryIpv6",
    "ConnectionTrackingSpecification",
    "Operator",
)

_CHANGED = ("Description", "SourceDestCheck", "Groups", "Attachment")
_UNSERVED_CHANGES = (
    "EnaSrdSpecification",
    "EnablePrimaryIpv6",
    "ConnectionTrackingSpecification",
    "AssociatePublicIpAddress",
    "AssociatedSubnetIds",
)

_MAX_TEXT = 255
_MAX_TOKEN = 64


def _group_ids(params: Params) -> list[str]:
    ids = list(dict.fromkeys(params.get("Groups") or ()))
    limits.keep_named(ids, "SecurityGroupId")
    return ids


def _asks_create(call: Call, tx: Tx, params: Params) -> list[Ask]:
    return questions.created(
        call,
        params,
        INTERFACE,
        questions.existing(call, tx, SUBNET, params.get("SubnetId")),
        *questions.each(call, tx, GROUP, _group_ids(params)),
    )


def _create(call: Call, tx: Tx, params: Params) -> Result:
    unserved(params, _UNSERVED)
    token = _token(params)
    place = place_of(call)
    digest = _digest(params)
    before = interfaces.by_token(tx, place, token) if token else None
    if before is None:
        interface_id = _made(call, tx, params, token, digest)
    elif before.request_digest == digest:
        interface_id = before.id
    else:
        message = f"The client token '{token}' was used before, with different parameters."
        raise AwsError("IdempotentParameterMismatch", message)
    interface = INTERFACE.require(tx, place, interface_id)
    return {"NetworkInterface": rendered(call, interface), "ClientToken": token}


def _made(call: Call, tx: Tx, params: Params, token: str | None, digest: str) -> str:
    place = place_of(call)
    sent = tagging.sent(params, INTERFACE)
    description = _description(params.get("Description"))
    subnet = SUBNET.require(tx, place, params["SubnetId"])
    group_ids = _members(call, tx, subnet.vpc_id, subnet.id, _group_ids(params))
    owned = _addresses(tx, params, subnet)
    limits.keep(interfaces.count(tx, place) + 1, limits.INTERFACES, "NetworkInterfaceLimitExceeded")
    interface_id = interfaces.create(
        tx,
        place,
        call.now_ms,
        vpc_id=subnet.vpc_id,
        subnet_id=subnet.id,
        zone=subnet.zone,
        description=description,
        requester_id=call.caller.principal.unique_id,
        client_token=token,
        request_digest=digest,
    )
    interfaces.set_groups(tx, interface_id, group_ids)
    interfaces.set_addresses(tx, interface_id, subnet.id, owned)
    tags.put(tx, interface_id, sent)
    return interface_id


def _members(call: Call, tx: Tx, vpc_id: str, subnet_id: str, ids: Iterable[str]) -> list[str]:
    """The groups of an interface: those named, or the VPC's default one."""
    place = place_of(call)
    named = GROUP.require_all(tx, place, ids, "SecurityGroupId")
    for group in named:
        if group.vpc_id != vpc_id:
            message = f"Security group {group.id} and subnet {subnet_id}"
            raise AwsError("InvalidParameter", f"{message} belong to different networks.")
    limits.keep(len(named), limits.GROUPS_PER_INTERFACE, "SecurityGroupsPerInterfaceLimitExceeded")
    if named:
        return [group.id for group in named]
    default = groups.named(tx, place, vpc_id, groups.DEFAULT_NAME)
    return [default.id] if default else []


def _addresses(tx: Tx, params: Params, subnet: Subnet) -> list[str]:
    """The addresses of a new interface, the primary one first."""
    primary, secondary = addresses.wanted(params)
    count = addresses.count_of(params)
    asked = [primary, *secondary] if primary else secondary
    addresses.keep_limit(max(1, len(asked)) + count)
    addresses.check(asked, subnet.cidr)
    taken = interfaces.taken(tx, subnet.id)
    for address in asked:
        if address in taken:
            raise addresses.in_use(address)
    rest = count + (0 if primary else 1)
    found = addresses.allocate(subnet.cidr, {*taken, *asked}, rest)
    return [primary, *secondary, *found] if primary else [found[0], *secondary, *found[1:]]


def _token(params: Params) -> str | None:
    token: str | None = params.get("ClientToken") or None
    if token and (len(token) > _MAX_TOKEN or not token.isascii()):
        raise invalid(token, "clientToken", "A token has up to 64 ASCII characters.")
    return token


def _digest(params: Params) -> str:
    request = {key: value for key, value in params.items() if key not in ("ClientToken", "DryRun")}
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()


def _description(text: str | None) -> str:
    if text and len(text) > _MAX_TEXT:
        raise invalid(text, "description", f"At most {_MAX_TEXT} characters are allowed.")
    return text or ""


def _asks_one(call: Call, tx: Tx, params: Params) -> list[Ask]:
    interface_id = params.get("NetworkInterfaceId")
    context = questions.attribute(params, (*_CHANGED, *_UNSERVED_CHANGES))
    return [
        questions.existing(call, tx, INTERFACE, interface_id, context=context),
        *questions.each(call, tx, GROUP, _group_ids(params)),
    ]


def _delete(call: Call, tx: Tx, params: Params) -> Result:
    interface = _interface(call, tx, params)
    if interface.attachment_id:
        message = f"Network interface '{interface.id}' is currently in use."
        raise AwsError("InvalidParameterValue", message)
    interfaces.delete(tx, interface.id)
    return {}


def _modify(call: Call, tx: Tx, params: Params) -> Result:
    unserved(params, _UNSERVED_CHANGES)
    interface = _interface(call, tx, params)
    name, value = one_of(params, _CHANGED)
    if name == "Attachment":
        raise _attachment_refused(interface, value.get("AttachmentId") or "")
    _refuse_managed(interface)
    if name == "Description":
        text = _description(value.get("Value"))
        interfaces.set_attributes(tx, interface.id, description=text)
    elif name == "SourceDestCheck":
        interfaces.set_attributes(tx, interface.id, source_dest_check=flag(name, value))
    else:
        ids = _members(call, tx, interface.vpc_id, interface.subnet_id, _group_ids(params))
        interfaces.set_groups(tx, interface.id, ids)
    return {}


def _attachment_refused(interface: Interface, id: str) -> AwsError:
    if id and id == interface.attachment_id:
        message = "You are not allowed to manage 'ela-attach' attachments."
        return AwsError("OperationNotPermitted", message)
    message = f"The attachment ID '{id}' does not exist"
    return AwsError("InvalidAttachmentID.NotFound", message)


def _refuse_managed(interface: Interface) -> None:
    if interface.attachment_id:
        message = "You do not have permission to access the specified resource."
        raise AwsError("OperationNotPermitted", message)


def _interface(call: Call, tx: Tx, params: Params) -> Interface:
    return INTERFACE.require(tx, place_of(call), params["NetworkInterfaceId"])


def _asks_assign(call: Call, tx: Tx, params: Params) -> list[Ask]:
    """Ask for the interface, and for those that addresses are taken away from."""
    asks = _asks_one(call, tx, params)
    interface = INTERFACE.find(tx, place_of(call), params.get("NetworkInterfaceId") or "")
    if interface is None or not params.get("AllowReassignment"):
        return asks
    taken = interfaces.taken(tx, interface.subnet_id)
    asked = dict.fromkeys(params.get("PrivateIpAddresses") or ())
    holders = {taken[address][0]: None for address in asked if address in taken}
    holders.pop(interface.id, None)
    return [*asks, *questions.each(call, tx, INTERFACE, holders)]


def _assign(call: Call, tx: Tx, params: Params) -> Result:
    unserved(params, ("Ipv4Prefixes", "Ipv4PrefixCount"))
    interface = _interface(call, tx, params)
    _refuse_managed(interface)
    asked = list(dict.fromkeys(params.get("PrivateIpAddresses") or ()))
    count = addresses.count_of(params)
    if bool(asked) == bool(count):
        message = "Either 'privateIpAddresses' or 'secondaryPrivateIpAddressCount' is to be given."
        raise AwsError("InvalidParameterCombination", message)
    addresses.keep_limit(len(interface.addresses) + len(asked) + count)
    subnet = SUBNET.require(tx, place_of(call), interface.subnet_id)
    addresses.check(asked, subnet.cidr)
    for address in asked:
        _take(call, tx, interface, address, may_move=bool(params.get("AllowReassignment")))
    found = addresses.allocate(subnet.cidr, interfaces.taken(tx, subnet.id), count)
    gained = [address for address in asked if address not in interface.addresses] + found
    interfaces.set_addresses(tx, interface.id, subnet.id, [*interface.addresses, *gained])
    return {
        "NetworkInterfaceId": interface.id,
        "AssignedPrivateIpAddresses": [
            {"PrivateIpAddress": address} for address in [*asked, *found]
        ],
    }


def _take(call: Call, tx: Tx, interface: Interface, address: str, *, may_move: bool) -> None:
    """Free an address that another interface has as a secondary one, if that is wanted."""
    holder, is_primary = interfaces.taken(tx, interface.subnet_id).get(address, ("", False))
    if holder in ("", interface.id):
        return
    if is_primary or not may_move:
        raise addresses.in_use(address)
    other = INTERFACE.require(tx, place_of(call), holder)
    _refuse_managed(other)
    kept = [kept for kept in other.addresses if kept != address]
    interfaces.set_addresses(tx, other.id, other.subnet_id, kept)


def _unassign(call: Call, tx: Tx, params: Params) -> Result:
    unserved(params, ("Ipv4Prefixes",))
    interface = _interface(call, tx, params)
    _refuse_managed(interface)
    asked = params.get("PrivateIpAddresses") or []
    if not asked:
        raise missing("privateIpAddress")
    for address in asked:
        if address not in interface.addresses[1:]:
            message = (
                f"Address {address} is not a secondary address of network interface {interface.id}"
            )
            raise AwsError("InvalidParameterValue", message)
    kept = [address for address in interface.addresses if address not in asked]
    interfaces.set_addresses(tx, interface.id, interface.subnet_id, kept)
    return {}


OPERATIONS = (
    DESCRIBE,
    writing("CreateNetworkInterface", _asks_create, _create),
    writing("ModifyNetworkInterfaceAttribute", _asks_one, _modify),
    writing("DeleteNetworkInterface", _asks_one, _delete),
    writing("AssignPrivateIpAddresses", _asks_assign, _assign),
    writing("UnassignPrivateIpAddresses", _asks_one, _unassign),
)
