"""Regions and their Availability Zones: fixed data, the same for every account."""

from dataclasses import dataclass


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


NOT_REQUIRED = "opt-in-not-required"
NOT_OPTED_IN = "not-opted-in"

_ALWAYS_THERE = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)

_ON_REQUEST = (
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
)

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


def regions(current: str) -> list[Region]:
    """All regions; the current one is there whatever its name, for the caller is in it."""
    status = dict.fromkeys(_ALWAYS_THERE, NOT_REQUIRED)
    status |= dict.fromkeys(_ON_REQUEST, NOT_OPTED_IN)
    if status.get(current) != NOT_REQUIRED:
        status[current] = "opted-in"
    return [Region(name, f"ec2.{name}.amazonaws.com", status[name]) for name in sorted(status)]
