"""Clients of the endpoint, over the network or in this process, as whoever signs."""

from typing import Any, Protocol

from ..functions import Credentials


class Clients(Protocol):
    """Makes a client of a service in a region, which signs with these credentials."""

    def __call__(self, service: str, region: str, credentials: Credentials) -> Any: ...
