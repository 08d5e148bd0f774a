"""Checks of network interfaces that Lambda has left behind: their role might not delete them."""

from collections.abc import Iterator
from typing import Any

from ...errors import AwsError
from ...execution.interfaces import PREFIX
from ...store import mappings
from ..operation import Call
from .model import Check, Verdict
from .role import by_asker

NAME = "interfaces"
_ID = len("00000000-0000-0000-0000-000000000000")


def left_behind(call: Call) -> Iterator[Check]:
    """One check for each interface of a mapping that is there no more."""
    asked = {"Filters": [{"Name": "description", "Values": [f"{PREFIX}*"]}]}
    try:
        found = by_asker(call, "ec2", "DescribeNetworkInterfaces", asked)["NetworkInterfaces"]
    except AwsError as error:
        yield Check(NAME, Verdict.SKIPPED, error.message)
        return
    with call.database.read() as tx:
        there = {each.id for each in mappings.of_account(tx, call.account, call.region)}
    left = [each for each in found if each["Description"][-_ID:] not in there]
    yield from map(_told, left)
    if not left:
        yield Check(NAME, Verdict.OK, "no network interface is left of a mapping that is gone")


def _told(interface: Any) -> Check:
    id = interface["NetworkInterfaceId"]  # noqa: A001 - it is one
    description = interface["Description"]
    return Check(
        NAME,
        Verdict.WARNING,
        f"{id} ({description}) is left of a mapping that is gone: its role was not allowed "
        "ec2:DeleteNetworkInterface, or was gone too",
        f"aws ec2 delete-network-interface --network-interface-id {id}",
    )
