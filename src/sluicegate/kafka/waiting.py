"""Why a partition that is ours is not fetched."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class New:
    """Assigned to us: it begins where the group is."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Brokers do not have this offset: it goes on at the first they have."""

    offset: int


@dataclass(frozen=True, slots=True)
class Anew:
    """The topic is another one of its name: it begins at its first; we were here in the old one."""

    offset: int


@dataclass(frozen=True, slots=True)
class Resting:
    """What was fetched cannot be read: it is fetched again then, from where we are."""

    until: float
