"""What stands in /var/runtime: AWS's runtime interface client and boto3, for one Python version.

For our own version it is copied from what we were installed with: the copy has modes every user can
read, and nothing of ours beside it. For another version pip fetches wheels once, from the index the
operator's pip is set to. Either way it is compiled: the folder is read-only inside, so what is not
compiled here is compiled again in every cold start.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from ..errors import AwsError
from ..settings import PREFIX
from .runtimes import Interpreter

LAUNCHER = "sluicegate_launcher"
_WANTED = ("awslambdaric", "boto3")
# Of the launcher alone, in a folder of its own: AWS's runtimes have no such module.
_OURS, _OURS_FOLDER = ("msgspec",), "sluicegate"
_PLATFORMS = ("manylinux2014", "manylinux_2_28")
_INSTALL_SECONDS = 300


class RuntimeFolders:
    """Keeps the folders below `cache`, which may be thrown away."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache / "runtimes"
        self._lock = threading.Lock()
        self._made: dict[str, Path] = {}

    def folder(self, interpreter: Interpreter) -> Path:
        """The folder for that version, made when it is not there yet.

        `AwsError` (InvalidRuntimeException) when it cannot be made; the sentence says why.
        """
        with self._lock:
            if interpreter.minor not in self._made:
                self._made[interpreter.minor] = self._make(interpreter)
            return self._made[interpreter.minor]

    def _make(self, interpreter: Interpreter) -> Path:
        launcher = Path(__file__).with_name("launcher.py").read_bytes()
        versions = " ".join(f"{name}=={metadata.version(name)}" for name in (*_WANTED, *_OURS))
        digest = hashlib.sha256(launcher + versions.encode()).hexdigest()[:12]
        folder = self._cache / f"python{interpreter.minor}-{digest}"
        if folder.is_dir():
            return folder
        self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _one_process(self._cache / "lock"):
            if folder.is_dir():
                return folder
            making = Path(tempfile.mkdtemp(prefix="making-", dir=self._cache))
            try:
                if interpreter.minor == _own_minor():
                    _copy_installed(_WANTED, making)
                    _copy_installed(_OURS, making / _OURS_FOLDER)
                else:
                    _install(making, interpreter)
                (making / f"{LAUNCHER}.py").write_bytes(launcher)
                _finish(making, interpreter)
                # At once, and whole: a process that is killed here leaves nothing half-made.
                making.rename(folder)
            finally:
                shutil.rmtree(making, ignore_errors=True)
        return folder


def _own_minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _copy_installed(names: tuple[str, ...], target: Path) -> None:
    for name in _with_requirements(names):
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            source = Path(str(distribution.locate_file(file)))
            # Scripts lie outside the folder of packages.
            if ".." in file.parts or not source.is_file():
                continue
            copied = target / file
            copied.parent.mkdir(parents=True, exist_ok=True)
            # With its time: byte code says of which moment's source it is.
            shutil.copy2(source, copied)


def _with_requirements(names: tuple[str, ...]) -> Iterator[str]:
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        for required in metadata.requires(name) or ():
            if "extra ==" not in required and (found := re.match(r"[\w.-]+", required)):
                waiting.append(found[0].lower())


def _install(target: Path, interpreter: Interpreter) -> None:
    if fault := _fetched(_WANTED, target, interpreter):
        raise AwsError(
            "InvalidRuntimeException",
            f"Runtime {interpreter.name} needs awslambdaric for Python {interpreter.minor}, which "
            f"pip could not fetch: {fault}. It is fetched once; Python {_own_minor()} needs no "
            "network.",
            status=502,
        )
    # Not every version of Python has it, and the launcher does without.
    _fetched(_OURS, target / _OURS_FOLDER, interpreter)


def _fetched(names: tuple[str, ...], target: Path, interpreter: Interpreter) -> str:
    """Have pip put wheels there; why it could not, or an empty text."""
    pip = [sys.executable, "-m", "pip"]
    if not _ends_well([*pip, "--version"]):
        pip = [interpreter.executable, "-m", "pip"]
    machine = platform.machine()
    options = [f"--platform={each}_{machine}" for each in _PLATFORMS]
    wanted = [f"{name}<={metadata.version(name)}" for name in names]
    command = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--target", str(target), f"--python-version={interpreter.minor}"]
    command += ["--only-binary=:all:", *options, *wanted]
    # pip reads where its index is from the environment too; what is ours is not its business.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    try:
        ended = subprocess.run(  # noqa: S603 - names and versions are ours
            command, capture_output=True, env=environment, timeout=_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end after {_INSTALL_SECONDS} s"
    told = ended.stderr.decode("utf-8", "replace").strip()
    if ended.returncode == 0:
        return ""
    return told.splitlines()[-1] if told else "pip failed"


def _ends_well(command: list[str]) -> bool:
    return not subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603


def _finish(folder: Path, interpreter: Interpreter) -> None:
    # With the sandbox's interpreter: byte code is of one version.
    _ends_well([interpreter.executable, "-I", "-m", "compileall", "-q", str(folder)])
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@contextmanager
def _one_process(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
