"""What every host of sandboxes has: a spawner, started when it is needed, and again if it ended."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from .isolation import Level
from .runtime_folders import RuntimeFolders
from .spawning import Spawner
from .users import Users


@dataclass(frozen=True, slots=True)
class Means:
    """What a host starts sandboxes with; `with_proxy`: each has a third listener, for a proxy."""

    level: Level
    users: Users
    folders: RuntimeFolders
    spawn: Callable[[], Spawner]
    with_proxy: bool


class SpawnerHost:
    """Keeps one spawner; `_lock` guards it, and what a host remembers of it."""

    def __init__(self, means: Means) -> None:
        self.level = means.level
        self._with_proxy = means.with_proxy
        self._users = means.users
        self._folders = means.folders
        self._spawn = means.spawn
        self._lock = threading.Lock()
        self._spawner: Spawner | None = None

    def close(self) -> None:
        """End the spawner, and with it whatever still runs."""
        with self._lock:
            if self._spawner is not None:
                self._spawner.close()
                self._spawner = None
        self._users.close()

    def _alive(self) -> Spawner:
        with self._lock:
            if self._spawner is None or not self._spawner.is_alive:
                if self._spawner is not None:
                    self._spawner.close()
                self._spawner = self._spawn()
                self._on_new_spawner()
            return self._spawner

    def _on_new_spawner(self) -> None:
        """Forget what the last one knew; `_lock` is held."""
