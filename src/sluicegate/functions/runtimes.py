"""The runtimes there are: Python interpreters of this host under AWS's names, and executables.

Interpreters are found, not fetched. Asked for its `sys.base_prefix`, one says where its standard
library is, which is what a sandbox is shown; a virtual environment's own folder never is.
"""

import json
import os
import platform
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import StartRefused

EXECUTABLES = ("provided.al2023", "provided.al2")
PYTHONS = tuple(f"python3.{minor}" for minor in range(9, 15))

_ARCHITECTURES = {"amd64": "x86_64", "aarch64": "arm64"}

_ASK = "import json, sys; print(json.dumps([sys.base_prefix, *sys.version_info[:2]]))"
_ASK_SECONDS = 10
_USUAL = ("/usr/bin", "/usr/local/bin")
_OF_USERS = (".pyenv/versions/*/bin", ".local/share/uv/python/*/bin")


def architecture() -> str:
    """This host's processor, as `Architectures` names it."""
    machine = platform.machine().lower()
    return _ARCHITECTURES.get(machine, machine)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python of this host: `minor` like `3.12`, `prefix` the folder it is installed in."""

    minor: str
    prefix: str
    executable: str

    @property
    def name(self) -> str:
        """As `Runtime` names it."""
        return f"python{self.minor}"


class Runtimes:
    """`pythons` are further interpreters, by path; `fallback` is "" or "nearest"."""

    def __init__(self, pythons: Sequence[str] = (), fallback: str = "") -> None:
        self._named = pythons
        self._fallback = fallback
        self._lock = threading.Lock()
        self._found: dict[str, Interpreter] | None = None

    def names(self) -> Sequence[str]:
        """What a function can be created with."""
        pythons = self._interpreters()
        if self._fallback and pythons:
            return (*PYTHONS, *EXECUTABLES)
        return (*(name for name in PYTHONS if name in pythons), *EXECUTABLES)

    def refusal(self, runtime: str) -> str | None:
        """Why a function of that runtime cannot be run here; None when it can."""
        if runtime in self.names():
            return None
        available = ", ".join(self.names())
        if runtime not in PYTHONS:
            return (
                f"Runtime {runtime} is not available on this host: only Python and executables "
                f"are run. Available: {available}."
            )
        version = runtime.removeprefix("python")
        return (
            f"Runtime {runtime} is not available on this host: no {runtime} interpreter found. "
            f"Available: {available}. Install Python {version} (e.g. apt install {runtime}, or "
            f"uv python install {version}) or set SLUICEGATE_PYTHONS to its path."
        )

    def interpreter(self, runtime: str) -> Interpreter | None:
        """What runs functions of that runtime; None for executables and what there is not."""
        found = self._interpreters()
        if runtime in found or runtime not in PYTHONS or not self._fallback or not found:
            return found.get(runtime)

        def distance(name: str) -> tuple[int, int]:
            # Of two as near the newer: what is missing in an older one is missed.
            away = PYTHONS.index(name) - PYTHONS.index(runtime)
            return abs(away), -away

        return found[min(found, key=distance)]

    def _interpreters(self) -> dict[str, Interpreter]:
        with self._lock:
            if self._found is None:
                self._found = _ask_all(self._named)
            return self._found


def _ask_all(named: Sequence[str]) -> dict[str, Interpreter]:
    """What answers, by name. An interpreter named in the settings comes first, ours next."""
    found: dict[str, Interpreter] = {}
    for path in named:
        answered = _read(_started(path))
        if answered is None:
            raise StartRefused(f"setting `pythons`: `{path}` is no Python interpreter")
        found.setdefault(answered.name, answered)
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    own = Interpreter(minor, sys.base_prefix, sys.executable)
    found.setdefault(own.name, own)
    # Asked side by side: each takes as long as an interpreter takes to start.
    asked = {name: [_started(path) for path in _places(name)] for name in PYTHONS}
    for name, started in asked.items():
        for each in started:
            answered = _read(each)
            if answered is not None and answered.name == name:
                found.setdefault(name, answered)
    return {name: each for name, each in found.items() if name in PYTHONS}


def _places(name: str) -> Iterator[str]:
    """Paths where an interpreter of that name lies, in the order they are preferred."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_USUAL]
    places = [Path(folder) for folder in folders if folder]
    try:
        for pattern in _OF_USERS:
            places += sorted(Path.home().glob(pattern), key=_version, reverse=True)
    except RuntimeError:
        pass  # nobody's home
    seen = set()
    for place in places:
        path = place / name
        # A virtual environment's python is a link to what is found elsewhere; shims are scripts.
        if os.access(path, os.X_OK) and (real := path.resolve()) not in seen:
            seen.add(real)
            yield str(path)


def _version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.parent.name)]


def _started(path: str) -> "subprocess.Popen[bytes] | None":
    try:
        return subprocess.Popen(  # noqa: S603 - found on this host, or named by its operator
            [path, "-I", "-S", "-c", _ASK],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )
    except OSError:
        return None


def _read(started: "subprocess.Popen[bytes] | None") -> Interpreter | None:
    if started is None:
        return None
    try:
        told, _ = started.communicate(timeout=_ASK_SECONDS)
        prefix, major, minor = json.loads(told)
    except (subprocess.TimeoutExpired, ValueError):
        started.kill()
        started.wait()
        return None
    executable = f"{prefix}/bin/python{major}.{minor}"
    if not os.access(executable, os.X_OK):
        return None
    return Interpreter(f"{major}.{minor}", prefix, executable)
