"""DescribeRegions, DescribeAvailabilityZones, DescribeAccountAttributes."""

from collections.abc import Mapping

from ...errors import AwsError
from ...store.database import Tx
from ...store.ec2 import vpcs
from ..operation import Call, Params, Result
from . import zones
from .filters import Filters, matching
from .limits import ACCOUNT_ATTRIBUTES
from .questions import anything
from .served import place_of, reading
from .zones import Region, Zone

_REGION_FILTERS: Filters[Region] = {
    "endpoint": lambda region: [region.endpoint],
    "opt-in-status": lambda region: [region.opt_in_status],
    "region-name": lambda region: [region.name],
}

_ZONE_FILTERS: Filters[Zone] = {
    "group-long-name": lambda _: [],
    "group-name": lambda zone: [_group_name(zone)],
    "message": lambda _: [],
    "opt-in-status": lambda _: [zones.NOT_REQUIRED],
    "parent-zone-id": lambda _: [],
    "parent-zone-name": lambda _: [],
    "region-name": lambda zone: [zone.region],
    "state": lambda _: ["available"],
    "zone-id": lambda zone: [zone.id],
    "zone-name": lambda zone: [zone.name],
    "zone-type": lambda _: ["availability-zone"],
}


def _describe_regions(call: Call, _tx: Tx, params: Params) -> Result:
    found = zones.regions(call.region)
    wanted = _known(params.get("RegionNames"), [region.name for region in found], "region")
    if wanted:
        found = [region for region in found if region.name in wanted]
    elif not params.get("AllRegions"):
        found = [region for region in found if region.opt_in_status != zones.NOT_OPTED_IN]
    return {
        "Regions": [
            {
                "RegionName": region.name,
                "Endpoint": region.endpoint,
                "OptInStatus": region.opt_in_status,
            }
            for region in matching(found, params.get("Filters"), _REGION_FILTERS)
        ]
    }


def _describe_zones(call: Call, _tx: Tx, params: Params) -> Result:
    found = zones.of_region(call.region)
    names = _known(params.get("ZoneNames"), [zone.name for zone in found], "availability zone")
    ids = _known(params.get("ZoneIds"), [zone.id for zone in found], "availability zone-id")
    found = [
        zone for zone in found if (not names or zone.name in names) and (not ids or zone.id in ids)
    ]
    return {
        "AvailabilityZones": [
            _rendered(zone) for zone in matching(found, params.get("Filters"), _ZONE_FILTERS)
        ]
    }


def _known(asked: list[str] | None, known: list[str], noun: str) -> list[str]:
    unknown = [name for name in asked or () if name not in known]
    if unknown:
        raise AwsError("InvalidParameterValue", f"Invalid {noun}: [{', '.join(unknown)}]")
    return asked or []


def _rendered(zone: Zone) -> Mapping[str, object]:
    return {
        "State": "available",
        "OptInStatus": zones.NOT_REQUIRED,
        "Messages": [],
        "RegionName": zone.region,
        "ZoneName": zone.name,
        "ZoneId": zone.id,
        "GroupName": _group_name(zone),
        "NetworkBorderGroup": zone.region,
        "ZoneType": "availability-zone",
    }


def _group_name(zone: Zone) -> str:
    return f"{zone.region}-zg-1"


def _describe_account(call: Call, tx: Tx, params: Params) -> Result:
    default = vpcs.default(tx, place_of(call))
    values = {"default-vpc": default.id if default else "none", **ACCOUNT_ATTRIBUTES}
    wanted = params.get("AttributeNames") or values
    return {
        "AccountAttributes": [
            {"AttributeName": name, "AttributeValues": [{"AttributeValue": value}]}
            for name, value in values.items()
            if name in wanted
        ]
    }


OPERATIONS = (
    reading("DescribeAccountAttributes", anything, _describe_account),
    reading("DescribeRegions", anything, _describe_regions),
    reading("DescribeAvailabilityZones", anything, _describe_zones),
)
