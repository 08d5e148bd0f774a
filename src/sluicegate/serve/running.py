"""Function code as the `api` child runs it: a pool of sandboxes whose calls are this endpoint's.

What Lambda itself does for a function (assuming its role, writing its log) goes through the front
door too, in this process.
"""

from ..clock import Clock
from ..execution import ExecutionRoles, FunctionLogs
from ..functions.pool import Pool
from ..settings import Settings
from ..vault import Vault
from .clients import Answer, own_clients


class RunningFunctions(Pool):
    """`Pool` with its roles' sessions and its logs. `answer` is the endpoint, once it is built."""

    def __init__(self, settings: Settings, vault: Vault, clock: Clock, answer: Answer) -> None:
        clients = own_clients(answer)
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
