"""The jars Kafka is made of: locked by coordinates, SHA-256 and size, fetched once, checked always.

Where they come from is not trusted: what a repository, a mirror or a folder gives is kept only when
it is what the lock says.
"""

import errno
import hashlib
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import BrokerRefused
from ..settings import KAFKA_VERSION as KAFKA_VERSION

LOCK = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.jars")

Progress = Callable[[str], None]

# How folders of half done things begin; what a killed process left of them is removed.
DRAFTS = "draft-"

_COMPILER = "ecj"
_AT_ONCE = 4
_ATTEMPTS = 3
_CHUNK = 1 << 20
# An OSError of jgo's is the network's but for these.
_OF_THE_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE}
)


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock; `size` in bytes."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def file_name(self) -> str:
        """As every repository calls it."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinates(self) -> str:
        """How sentences name it."""
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def is_compiler(self) -> bool:
        """Whether it compiles our launcher, and is no part of the broker."""
        return self.artifact == _COMPILER


def locked() -> tuple[Jar, ...]:
    """All jars of the lock, in its order, which is the order of the class path."""
    return tuple(_read(line) for line in LOCK.read_text("ascii").splitlines())


def _read(line: str) -> Jar:
    coordinates, sha256, size = line.split()
    group, artifact, version = coordinates.split(":")
    return Jar(group, artifact, version, sha256, int(size))


def bring(jars: Iterable[Jar], into: Path, source: Path | None, progress: Progress) -> None:
    """Every jar in the folder `into`, fetched by coordinates or taken from the folder `source`.

    `BrokerRefused` names the first one that cannot be had, or is not what the lock says; an
    `OSError` is our own disk's.
    """
    missing = [jar for jar in jars if not is_there(jar, into)]
    if not missing:
        return
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    tally = _Tally(missing, progress)
    # Beside the jars, so that moving them there is a rename; gone with whatever was left half done.
    with tempfile.TemporaryDirectory(prefix=DRAFTS, dir=into.parent) as folder:
        drafts = Path(folder)
        take = _Folder(source, drafts) if source else _Repository(drafts)
        _side_by_side(missing, lambda jar: _bring(jar, take, into, tally))


def _side_by_side(jars: Iterable[Jar], do: Callable[[Jar], None]) -> None:
    """Several at once; the first error ends it.

    Not a pool of futures: at exit that would wait for its downloads, and Ctrl-C for minutes.
    """
    waiting, errors = deque(jars), list[BaseException]()

    def work() -> None:
        while not errors:
            try:
                do(waiting.popleft())
            except IndexError:
                return
            except Exception as error:  # noqa: BLE001 - the top of a thread; raised below
                errors.append(error)

    threads = [threading.Thread(target=work, name="jars", daemon=True) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def is_there(jar: Jar, folder: Path) -> bool:
    """Whether the folder, which only we write to, has it; its bytes were checked on arrival."""
    try:
        return (folder / jar.file_name).stat().st_size == jar.size
    except FileNotFoundError:
        return False


def _bring(jar: Jar, take: Callable[[Jar], Path], into: Path, tally: "_Tally") -> None:
    draft = take(jar)
    try:
        check(jar, draft)
    except BrokerRefused:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(into / jar.file_name)
    tally.count(jar)


def check(jar: Jar, path: Path) -> None:
    """`BrokerRefused` unless the file is, byte for byte, the one the lock names."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if (digest.hexdigest(), size) != (jar.sha256, jar.size):
        raise BrokerRefused(
            f"`{jar.coordinates}` is not what the lock says: {size} bytes, sha256 "
            f"{digest.hexdigest()}; expected {jar.size} bytes, sha256 {jar.sha256}"
        )


class _Folder:
    """Jars that somebody brought: flat, or laid out as Maven does."""

    def __init__(self, folder: Path, drafts: Path) -> None:
        self._folder, self._drafts = folder, drafts

    def __call__(self, jar: Jar) -> Path:
        nested = Path(*jar.group.split("."), jar.artifact, jar.version, jar.file_name)
        for path in (self._folder / jar.file_name, self._folder / nested):
            if path.is_file():
                # Copied, and the copy is checked: the original may change under our hands.
                return Path(shutil.copyfile(path, self._drafts / jar.file_name))
        raise BrokerRefused(
            f"`{jar.file_name}` is not in `{self._folder}`, where setting `jars` says it is"
        )


class _Repository:
    """jgo, one coordinate at a time: what depends on what is settled by the lock."""

    def __init__(self, drafts: Path) -> None:
        # Imported here: 0.2 s, and needed once in the life of a machine.
        from jgo.maven import MavenContext

        self._context = MavenContext(repo_cache=drafts / "repository")

    def __call__(self, jar: Jar) -> Path:
        project = self._context.project(jar.group, jar.artifact)
        return fetched(jar, project.at_version(jar.version).artifact())


class Artifact(Protocol):
    """What jgo can fetch."""

    @property
    def cached_path(self) -> Path | None:
        """Where it, or half of it, is put."""
        ...

    def resolve(self) -> Path:
        """Fetch it."""
        ...


def fetched(jar: Jar, artifact: Artifact) -> Path:
    """Where the artifact is by now: tried three times, unless our own disk is in the way."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return artifact.resolve()
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
                raise
            if attempt == _ATTEMPTS:
                raise BrokerRefused(
                    f"`{jar.coordinates}` cannot be fetched ({type(error).__name__}); check "
                    "the network, or name a folder that has the jars with SLUICEGATE_JARS"
                ) from error
            # It writes in place and takes half a file for a whole one.
            if (half := artifact.cached_path) is not None:
                half.unlink(missing_ok=True)
    raise AssertionError("unreachable")


class _Tally:
    """Tells how far the jars have come: once a second, and at the end."""

    def __init__(self, jars: list[Jar], progress: Progress) -> None:
        self._lock = threading.Lock()
        self._progress = progress
        self._jars, self._bytes = len(jars), sum(jar.size for jar in jars)
        self._jars_here = self._bytes_here = 0
        self._told = time.monotonic()

    def count(self, jar: Jar) -> None:
        """One more is here."""
        with self._lock:
            self._jars_here += 1
            self._bytes_here += jar.size
            if not self._is_worth_a_line():
                return
            self._progress(
                f"Apache Kafka {KAFKA_VERSION}: {self._jars_here} of {self._jars} jars, "
                f"{self._bytes_here / 1e6:.1f} of {self._bytes / 1e6:.1f} MB"
            )

    def _is_worth_a_line(self) -> bool:
        now = time.monotonic()
        if self._jars_here < self._jars and now < self._told + 1:
            return False
        self._told = now
        return True
