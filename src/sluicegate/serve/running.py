"""Function code as the `api` child runs it: a pool of sandboxes whose calls are this endpoint's.

What Lambda itself does for a function (assuming its role, writing its log) goes through the front
door too, in this process.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..clock import Clock
from ..execution import ExecutionRoles, FunctionLogs
from ..functions import Credentials
from ..functions.pool import Pool
from ..settings import Settings
from ..vault import Vault
from ..wire.client import in_process_client
from ..wire.message import Request, Response

Answer = Callable[[Request], Response]

# A client takes longer to make than a call; a function's role signs with one key for most of an
# hour, for two services.
_MOST_CLIENTS = 128


class RunningFunctions(Pool):
    """`Pool` with its roles' sessions and its logs. `answer` is the endpoint, once it is built."""

    def __init__(self, settings: Settings, vault: Vault, clock: Clock, answer: Answer) -> None:
        @lru_cache(maxsize=_MOST_CLIENTS)
        def clients(service: str, region: str, credentials: Credentials) -> Any:
            return in_process_client(
                service,
                answer,
                region=region,
                access_key=credentials.access_key,
                secret_key=credentials.secret_key,
                token=credentials.token,
                # The service's own network is nobody's address.
                remote="",
            )

        self._roles = ExecutionRoles(clients, vault, clock)
        self._logs = FunctionLogs(clients, self._roles)
        super().__init__(
            settings,
            cache=settings.cache_folder / "functions",
            endpoint=(settings.reachable_host, settings.port),
            credentials=self._roles.credentials,
            logs=self._logs,
            clock=clock,
        )

    @property
    def log_events_lost(self) -> int:
        """How many log events could not be written since the start."""
        return self._logs.lost

    def forget(self) -> None:
        """`Functions.forget`; roles made again are other roles."""
        super().forget()
        self._logs.flush()
        self._roles.forget()

    def close(self) -> None:
        """End everything, what was printed last written."""
        super().close()
        self._logs.close()
