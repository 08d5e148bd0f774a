"""Regions and their Availability Zones: fixed data, the same for every account."""

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import AwsError
from ...store.database import Tx
from ..operation import Call, Params, Result
from .filters import Filters, matching, text
from .questions import anything
from .served import reading


@dataclass(frozen=True, slots=True)
class Zone:
    """An Availability Zone: `us-east-1a` with the id `use1-az1`."""

    region: str
    name: str
    id: str


@dataclass(frozen=True, slots=True)
class Region:
    """A region and whether accounts have it without asking."""

    name: str
    endpoint: str
    opt_in_status: str


_NOT_REQUIRED = "opt-in-not-required"

_ALWAYS_THERE = """
    ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2
    ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1
    us-east-1 us-east-2 us-west-1 us-west-2
""".split()

_ON_REQUEST = """
    af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5
    ap-southeast-6 ap-southeast-7 ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1
    me-central-1 me-south-1 mx-central-1
""".split()

# How zone ids shorten the words of a region's name: us-east-1 is use1, ap-southeast-2 is apse2.
_SHORT = {
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "central": "c",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
    "gov": "g",
}


def of_region(region: str) -> list[Zone]:
    """The three zones of a region, in order."""
    code = "".join(_SHORT.get(word, word) for word in region.split("-"))
    return [
        Zone(region, f"{region}{letter}", f"{code}-az{number}")
        for number, letter in enumerate("abc", 1)
    ]


def id_of(region: str, name: str) -> str:
    """The id of the zone with this name."""
    return next(zone.id for zone in of_region(region) if zone.name == name)


def _regions(current: str) -> list[Region]:
    """All regions; the current one is there whatever its name, for the caller is in it."""
    status = dict.fromkeys(_ALWAYS_THERE, _NOT_REQUIRED)
    status |= dict.fromkeys(_ON_REQUEST, "not-opted-in")
    if status.get(current) != _NOT_REQUIRED:
        status[current] = "opted-in"
    return [
        Region(name, f"ec2.{name}.amazonaws.com", status[name]) for name in sorted(status)
    ]


_REGION_FILTERS: Filters[Region] = {
    "endpoint": lambda region: [region.endpoint],
    "opt-in-status": lambda region: [region.opt_in_status],
    "region-name": lambda region: [region.name],
}

_ZONE_FILTERS: Filters[Zone] = {
    "group-long-name": lambda zone: [_group_long_name(zone)],
    "group-name": lambda zone: [_group_name(zone)],
    "message": lambda _: [],
    "opt-in-status": lambda _: [_NOT_REQUIRED],
    "parent-zone-id": lambda _: [],
    "parent-zone-name": lambda _: [],
    "region-name": lambda zone: [zone.region],
    "state": lambda _: ["available"],
    "zone-id": lambda zone: [zone.id],
    "zone-name": lambda zone: [zone.name],
    "zone-type": lambda _: ["availability-zone"],
}


def _describe_regions(call: Call, _tx: Tx, params: Params) -> Result:
    found = _regions(call.region)
    wanted = _known(params.get("RegionNames"), [region.name for region in found], "region")
    if wanted:
        found = [region for region in found if region.name in wanted]
    elif not params.get("AllRegions"):
        found = [region for region in found if region.opt_in_status != "not-opted-in"]
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
    found = of_region(call.region)
    names = _known(params.get("ZoneNames"), [zone.name for zone in found], "availability zone")
    ids = _known(params.get("ZoneIds"), [zone.id for zone in found], "availability zone-id")
    found = [
        zone
        for zone in found
        if (not names or zone.name in names) and (not ids or zone.id in ids)
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
        "OptInStatus": _NOT_REQUIRED,
        "Messages": [],
        "RegionName": zone.region,
        "ZoneName": zone.name,
        "ZoneId": zone.id,
        "GroupName": _group_name(zone),
        "GroupLongName": _group_long_name(zone),
        "NetworkBorderGroup": zone.region,
        "ZoneType": "availability-zone",
    }


def _group_name(zone: Zone) -> str:
    return f"{zone.region}-zg-1"


def _group_long_name(zone: Zone) -> str:
    return f"{text(zone.region)} 1"


OPERATIONS = (
    reading("DescribeRegions", anything, _describe_regions),
    reading("DescribeAvailabilityZones", anything, _describe_zones),
)
