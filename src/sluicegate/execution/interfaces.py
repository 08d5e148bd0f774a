"""The network interfaces of a trigger: made and removed as the execution role, used by Lambda.

One per subnet, found again by their description. While Lambda uses one it shows as managed, and
nobody can delete it; that mark is the keeper's to set and take away, in the state.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..clock import Clock
from ..errors import AccessDenied, AwsError, Unavailable
from ..store.database import Database
from ..store.ec2 import interfaces
from ..store.mappings import EventSourceMapping
from . import plan
from .calls import RoleCalls
from .findings import Denied, Unreachable
from .plan import Need, Step, When

PREFIX = "AWS Lambda VPC ENI-"
"""How Lambda describes its interfaces; a trigger's end with the mapping's UUID."""
_SUBNET, _GROUP = "VPC_SUBNET", "VPC_SECURITY_GROUP"


class Attachments(Protocol):
    """Who marks interfaces as used by Lambda."""

    def attach(self, interface_id: str) -> None:
        """Lambda uses it: it is managed from now on."""
        ...

    def release(self, interface_id: str) -> None:
        """Lambda uses it no more: whoever may can delete it."""
        ...


class StoreAttachments:
    """`Attachments` in the state."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def attach(self, interface_id: str) -> None:
        """`Attachments.attach`."""
        with self._database.write() as tx:
            interfaces.attach(tx, interface_id, self._clock.now_ms())

    def release(self, interface_id: str) -> None:
        """`Attachments.release`."""
        with self._database.write() as tx:
            interfaces.release(tx, interface_id)


@dataclass(frozen=True, slots=True)
class Removed:
    """The interfaces are gone."""

    interface_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """The role may not remove them: these stay, no longer in use, for somebody else to delete."""

    interface_ids: tuple[str, ...]
    message: str
    denied: Denied | None = None


Removal = Removed | Left | Unreachable


@dataclass(frozen=True, slots=True)
class Network:
    """Where interfaces belong."""

    subnet_ids: tuple[str, ...]
    group_ids: tuple[str, ...]


def network_of(mapping: EventSourceMapping) -> Network:
    """The network a self-managed source is reached from, as the mapping names it."""
    named = {
        kind: tuple(each.uri.partition(":")[2] for each in mapping.access if each.type == kind)
        for kind in (_SUBNET, _GROUP)
    }
    return Network(named[_SUBNET], named[_GROUP])


def description(mapping: EventSourceMapping) -> str:
    """What a mapping's interfaces are called, as Lambda calls them."""
    return f"{PREFIX}{mapping.function_name}-{mapping.id}"


def looking(mapping: EventSourceMapping) -> dict[str, Any]:
    """The parameters that find a mapping's interfaces."""
    # By the mapping alone: the function may be another one by now.
    return {"Filters": [{"Name": "description", "Values": [f"{PREFIX}*-{mapping.id}"]}]}


def making(mapping: EventSourceMapping, subnet_id: str, group_ids: Sequence[str]) -> dict[str, Any]:
    """The parameters that make one in a subnet."""
    return {
        "SubnetId": subnet_id,
        "Groups": list(group_ids),
        "Description": description(mapping),
    }


def fitting(found: Iterable[Any], network: Network) -> dict[str, Any]:
    """Of the interfaces that were found, one for each subnet, by subnet."""
    kept: dict[str, Any] = {}
    for each in found:
        groups = {group["GroupId"] for group in each["Groups"]}
        if each["SubnetId"] in network.subnet_ids and groups == set(network.group_ids):
            kept.setdefault(each["SubnetId"], each)
    return kept


def remove(mapping: EventSourceMapping, calls: RoleCalls, attachments: Attachments) -> Removal:
    """Remove a mapping's interfaces as its role; what may not be removed is left, out of use."""
    has_network = mapping.event_source_arn is not None or network_of(mapping).subnet_ids
    if not has_network and not mapping.interface_ids:
        return Removed(())
    needed = (Need.ALWAYS, Need.NETWORK)
    assume, describe, delete = plan.steps(When.DELETE, needed)
    ids = mapping.interface_ids
    step = assume
    try:
        calls.assume()
        step = describe
        found = calls.call(step.service, step.operation, looking(mapping))["NetworkInterfaces"]
        ids = tuple(each["NetworkInterfaceId"] for each in found)
        step = delete
        for interface_id in ids:
            drop(calls, interface_id, attachments, step)
    except AccessDenied as denial:
        for interface_id in ids:
            attachments.release(interface_id)
        denied = None if step is assume else Denied(step, step.action, denial.message)
        return Left(ids, denial.message, denied)
    except Unavailable as silence:
        return Unreachable(silence.message)
    return Removed(ids)


def drop(calls: RoleCalls, interface_id: str, attachments: Attachments, step: Step) -> None:
    """Take one out of use and delete it; one that is gone already is as good."""
    attachments.release(interface_id)
    try:
        calls.call(step.service, step.operation, {"NetworkInterfaceId": interface_id})
    except (AccessDenied, Unavailable):
        raise
    except AwsError:
        return
