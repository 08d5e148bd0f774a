"""Clients of this endpoint, for what a process of ours does as somebody else."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..execution import Clients
from ..functions import Credentials
from ..settings import Settings
from ..wire import client as wire
from ..wire.message import Request, Response

Answer = Callable[[Request], Response]

# A client takes longer to make than a call; a role signs with one key for most of an hour.
_MOST_CLIENTS = 128


def network_clients(settings: Settings) -> Clients:
    """Clients that go over the network: an `api` child that is started again is waited for."""
    host = (
        f"[{settings.reachable_host}]"
        if ":" in settings.reachable_host
        else settings.reachable_host
    )
    url = f"http://{host}:{settings.port}"

    @lru_cache(maxsize=_MOST_CLIENTS)
    def made(service: str, region: str, credentials: Credentials) -> Any:
        return wire.client(
            service,
            endpoint_url=url,
            region=region,
            credentials=_signing(credentials),
            config=wire.UNJUDGED,
        )

    return made


def own_clients(answer: Answer) -> Clients:
    """Clients whose requests are answered in this process."""

    @lru_cache(maxsize=_MOST_CLIENTS)
    def made(service: str, region: str, credentials: Credentials) -> Any:
        return wire.in_process_client(
            service,
            answer,
            region=region,
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
            token=credentials.token,
            config=wire.UNJUDGED,
            # The service's own network is nobody's address.
            remote="",
        )

    return made


def _signing(credentials: Credentials) -> wire.Credentials:
    return wire.Credentials(credentials.access_key, credentials.secret_key, credentials.token)
